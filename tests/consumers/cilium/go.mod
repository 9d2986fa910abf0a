// Pins the module that carries the custom resource definitions of Cilium, for
// the example of a governance mode of the author's own.
module weft.test/cilium

go 1.26.0

require github.com/cilium/cilium v1.20.2 // indirect
