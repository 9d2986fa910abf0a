// Pins the module that carries the custom resource definitions of the
// Prometheus operator: ServiceMonitor and PodMonitor.
module weft.test/monitoring

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.92.1 // indirect
