// Pins the module that carries the custom resource definitions of Dapr.
module weft.test/dapr

go 1.26.0

require github.com/dapr/dapr v1.18.3 // indirect
