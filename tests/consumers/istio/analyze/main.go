// Command analyze runs every analyzer of Istio over streams of manifests, with
// no cluster. `istioctl analyze --use-kube=false` leaves Services, Namespaces
// and Pods out, and with them most of what can be wrong between our files; here
// they count. What a cluster would add (Pods, the ingress gateway) is made up.
//
//	analyze [-mesh FILE] APP...   each APP, a file or a folder, stands alone
//	analyze -self-test            proves that the analyzers do find mistakes
//
// It prints one JSON object per message and exits 0 unless it could not run.
package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/local"
	"istio.io/istio/pkg/log"
)

// finding is one line of output. Besides Istio's codes there are three of ours:
// EMPTY (the application holds no object at all), PARSE (Istio cannot read one)
// and TWICE (an object is there twice, and the analyzers see only the last), so
// that nothing passes merely because it was not looked at.
type finding struct {
	File      string `json:"file"`
	Code      string `json:"code"`
	Level     string `json:"level"`
	Message   string `json:"message"`
	Resource  string `json:"resource,omitempty"`
	Reference string `json:"reference,omitempty"` // file:line
}

func main() {
	mesh := flag.String("mesh", "", "a MeshConfig file, in place of Istio's defaults")
	selfTest := flag.Bool("self-test", false, "check that known mistakes are found")
	flag.Parse()

	// Standard output is for findings only.
	opts := log.DefaultOptions()
	opts.OutputPaths = []string{"stderr"}
	opts.SetDefaultOutputLevel("all", log.ErrorLevel)
	if err := log.Configure(opts); err != nil {
		fail(err)
	}

	if *selfTest {
		if err := checkSelf(); err != nil {
			fail(fmt.Errorf("self-test: %w", err))
		}
		return
	}
	if flag.NArg() == 0 {
		fail(errors.New("name at least one file or folder of manifests"))
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, app := range flag.Args() {
		findings, err := analyze(app, os.DirFS(filepath.Dir(app)), filepath.Base(app), *mesh)
		if err != nil {
			fail(fmt.Errorf("%s: %w", app, err))
		}
		for _, f := range findings {
			if err := out.Encode(f); err != nil {
				fail(err)
			}
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "analyze:", err)
	os.Exit(2)
}

// analyze judges one application: the file or folder `path` of `tree`.
func analyze(app string, tree fs.FS, path, mesh string) ([]finding, error) {
	files, err := manifests(tree, path)
	if err != nil {
		return nil, err
	}
	var sources []local.ReaderSource
	var objects []*unstructured.Unstructured
	for _, file := range files {
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return nil, err
		}
		text, found, err := read(text)
		if err != nil {
			return []finding{{File: app, Code: "PARSE", Level: "Error", Message: err.Error(), Reference: file}}, nil
		}
		objects = append(objects, found...)
		sources = append(sources, local.ReaderSource{Name: file, Reader: bytes.NewReader(text)})
	}
	if len(objects) == 0 {
		return []finding{{File: app, Code: "EMPTY", Level: "Error", Message: "no Kubernetes object in it"}}, nil
	}

	// An empty namespace: every message counts, whichever namespace it is in.
	sa := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", "istio-system", nil)
	if mesh != "" {
		if err := sa.AddFileKubeMeshConfig(mesh); err != nil {
			return nil, err
		}
	}
	madeUp, err := standIns(objects)
	if err != nil {
		return nil, err
	}
	// One source at a time, stand-ins first: what the application says wins.
	if err := sa.AddTestReaderKubeSource([]local.ReaderSource{madeUp}); err != nil {
		return nil, err
	}
	findings := twice(app, objects)
	for _, source := range sources {
		if err := sa.AddTestReaderKubeSource([]local.ReaderSource{source}); err != nil {
			findings = append(findings, finding{File: app, Code: "PARSE", Level: "Error", Message: err.Error(), Reference: source.Name})
		}
	}

	stop := make(chan struct{})
	defer close(stop)
	result, err := sa.Analyze(stop)
	if err != nil {
		return nil, err
	}
	if len(result.SkippedAnalyzers) > 0 {
		return nil, fmt.Errorf("analyzers were skipped: %s", strings.Join(result.SkippedAnalyzers, ", "))
	}
	for _, m := range result.Messages {
		f := finding{
			File:    app,
			Code:    m.Type.Code(),
			Level:   m.Type.Level().String(),
			Message: fmt.Sprintf(m.Type.Template(), m.Parameters...),
		}
		if m.Resource != nil {
			f.Resource = m.Resource.Origin.FriendlyName()
			if ref := m.Resource.Origin.Reference(); ref != nil {
				f.Reference = ref.String()
				if m.Line != 0 {
					f.Reference = m.ReplaceLine(f.Reference)
				}
			}
		}
		findings = append(findings, f)
	}
	return findings, nil
}

func twice(app string, objects []*unstructured.Unstructured) []finding {
	var findings []finding
	seen := map[string]bool{}
	for _, object := range objects {
		kind := object.GroupVersionKind().GroupKind()
		key := fmt.Sprintf("%s %s/%s", kind, object.GetNamespace(), object.GetName())
		if seen[key] {
			findings = append(findings, finding{File: app, Code: "TWICE", Level: "Error", Message: "the same object twice", Resource: key})
		}
		seen[key] = true
	}
	return findings
}

// manifests lists the files of an application, in order.
func manifests(tree fs.FS, path string) ([]string, error) {
	info, err := fs.Stat(tree, path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var files []string
	err = fs.WalkDir(tree, path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	return files, err
}

//go:embed selftest
var samples embed.FS

// checkSelf runs samples: every mistake of the bad ones has to come out, and
// nothing may be said about the sound one.
func checkSelf() error {
	broken, err := analyze("broken", samples, "selftest/broken.yaml", "")
	if err != nil {
		return err
	}
	for _, code := range []string{"TWICE", "IST0101", "IST0106", "IST0118", "IST0127", "IST0137", "IST0173", "IST0174"} {
		if !slices.ContainsFunc(broken, func(f finding) bool { return f.Code == code }) {
			return fmt.Errorf("%s not found in the broken sample: %+v", code, broken)
		}
	}
	keys, err := analyze("keys", samples, "selftest/keys.yaml", "")
	if err != nil {
		return err
	}
	if len(keys) != 1 || keys[0].Code != "PARSE" {
		return fmt.Errorf("a key given twice was not found: %+v", keys)
	}
	sound, err := analyze("sound", samples, "selftest/sound.yaml", "")
	if err != nil {
		return err
	}
	if len(sound) > 0 {
		return fmt.Errorf("messages about the sound sample: %+v", sound)
	}
	return nil
}
