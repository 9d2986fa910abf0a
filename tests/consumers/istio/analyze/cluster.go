package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
)

// installed is what an installation of Istio brings along by default.
const installed = `
apiVersion: v1
kind: Namespace
metadata:
  name: istio-system
---
apiVersion: v1
kind: Service
metadata:
  name: istio-ingressgateway
  namespace: istio-system
  labels: {app: istio-ingressgateway, istio: ingressgateway}
spec:
  type: LoadBalancer
  selector: {app: istio-ingressgateway, istio: ingressgateway}
  ports:
  - {name: status-port, port: 15021, targetPort: 15021, protocol: TCP}
  - {name: http2, port: 80, targetPort: 8080, protocol: TCP}
  - {name: https, port: 443, targetPort: 8443, protocol: TCP}
---
apiVersion: v1
kind: Pod
metadata:
  name: istio-ingressgateway-0
  namespace: istio-system
  labels: {app: istio-ingressgateway, istio: ingressgateway}
spec:
  containers:
  - name: istio-proxy
    image: istio/proxyv2
    ports:
    - {containerPort: 15021, protocol: TCP}
    - {containerPort: 8080, protocol: TCP}
    - {containerPort: 8443, protocol: TCP}
status: {phase: Running}
`

// read takes a stream apart. An object without a namespace goes to `default`,
// as it would with kubectl. Text that needs no change is handed on as it is, so
// that line numbers in messages stay true.
func read(text []byte) ([]byte, []*unstructured.Unstructured, error) {
	var out bytes.Buffer
	var objects []*unstructured.Unstructured
	same := true
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			if same {
				return text, objects, nil
			}
			return out.Bytes(), objects, nil
		}
		if err != nil {
			return nil, nil, err
		}
		var content map[string]any
		// Strict, for a key given twice: kubectl keeps one of the two in silence.
		if err := yaml.UnmarshalStrict(document, &content); err != nil {
			return nil, nil, err
		}
		if len(content) > 0 {
			object := &unstructured.Unstructured{Object: content}
			if object.GetKind() == "" || object.GetAPIVersion() == "" {
				return nil, nil, errors.New("a document has no apiVersion or kind")
			}
			all := []*unstructured.Unstructured{object}
			if object.IsList() {
				list, err := object.ToList()
				if err != nil {
					return nil, nil, err
				}
				all = nil
				for i := range list.Items {
					all = append(all, &list.Items[i])
				}
				document = nil
			}
			for _, object := range all {
				if object.GetNamespace() == "" && !clusterScoped(object) {
					object.SetNamespace("default")
					document = nil
				}
			}
			objects = append(objects, all...)
			if document == nil {
				same = false
				for i, object := range all {
					changed, err := yaml.Marshal(object)
					if err != nil {
						return nil, nil, err
					}
					if i > 0 {
						document = append(document, "---\n"...)
					}
					document = append(document, changed...)
				}
			}
		}
		out.Write(document)
		if !bytes.HasSuffix(document, []byte("\n")) {
			out.WriteByte('\n')
		}
		out.WriteString("---\n")
	}
}

// clusterScoped also holds for kinds unknown to Istio: no analyzer reads them.
func clusterScoped(object *unstructured.Unstructured) bool {
	gvk := object.GroupVersionKind()
	schema, known := collections.All.FindByGroupVersionAliasesKind(resource.FromKubernetesGVK(&gvk))
	return !known || schema.IsClusterScoped()
}

// standIns makes up what the cluster would hold once the objects run.
func standIns(objects []*unstructured.Unstructured) (local.ReaderSource, error) {
	namespaces := map[string]map[string]string{}
	for _, object := range objects {
		if object.GetKind() == "Namespace" && object.GroupVersionKind().Group == "" {
			namespaces[object.GetName()] = object.GetLabels()
		}
	}
	text := bytes.NewBufferString(installed)
	for _, object := range objects {
		pod, err := podOf(object, namespaces)
		if err != nil {
			return local.ReaderSource{}, err
		}
		if pod != nil {
			manifest, err := yaml.Marshal(pod)
			if err != nil {
				return local.ReaderSource{}, err
			}
			text.WriteString("---\n")
			text.Write(manifest)
		}
	}
	return local.ReaderSource{Name: "stand-ins", Reader: text}, nil
}

// podOf is a Pod as the workload would start it, or nil if it starts none.
func podOf(workload *unstructured.Unstructured, namespaces map[string]map[string]string) (*unstructured.Unstructured, error) {
	path := []string{"spec", "template"}
	switch workload.GetKind() {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Rollout":
	case "CronJob":
		path = []string{"spec", "jobTemplate", "spec", "template"}
	default:
		return nil, nil
	}
	template, found, err := unstructured.NestedMap(workload.Object, path...)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", workload.GetKind(), workload.GetName(), err)
	}
	if replicas, set, _ := unstructured.NestedFieldNoCopy(workload.Object, "spec", "replicas"); !found || set && fmt.Sprint(replicas) == "0" {
		return nil, nil
	}
	pod := &unstructured.Unstructured{Object: template}
	pod.SetAPIVersion("v1")
	pod.SetKind("Pod")
	// The kind keeps a Deployment and a Job of one name apart.
	pod.SetName(workload.GetName() + "-" + strings.ToLower(workload.GetKind()) + "-0")
	pod.SetNamespace(workload.GetNamespace())
	pod.Object["status"] = map[string]any{"phase": "Running"}

	namespace := namespaces[pod.GetNamespace()]
	if injected(pod, namespace) {
		containers, _, err := unstructured.NestedSlice(pod.Object, "spec", "containers")
		if err != nil {
			return nil, err
		}
		proxy := map[string]any{"name": "istio-proxy", "image": "istio/proxyv2"}
		if err := unstructured.SetNestedSlice(pod.Object, append(containers, proxy), "spec", "containers"); err != nil {
			return nil, err
		}
	} else if namespace["istio.io/dataplane-mode"] == "ambient" || pod.GetLabels()["istio.io/dataplane-mode"] == "ambient" {
		annotations := pod.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations["ambient.istio.io/redirection"] = "enabled"
		pod.SetAnnotations(annotations)
	}
	return pod, nil
}

// injected tells whether Istio's webhook would add a proxy: the Pod has the
// last word, else its namespace.
func injected(pod *unstructured.Unstructured, namespace map[string]string) bool {
	if host, _, _ := unstructured.NestedBool(pod.Object, "spec", "hostNetwork"); host {
		return false
	}
	switch pod.GetLabels()["sidecar.istio.io/inject"] {
	case "true":
		return true
	case "false":
		return false
	}
	switch namespace["istio-injection"] {
	case "enabled":
		return true
	case "disabled":
		return false
	}
	return namespace["istio.io/rev"] != "" || pod.GetLabels()["istio.io/rev"] != ""
}
