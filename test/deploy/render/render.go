// Renders a chart as `helm template` does, with the engine that Helm has: Go's templates, sprig, and Helm's own include, required and
// toYaml. It reads values of the release as YAML from stdin and writes the documents. Not Helm: no values schema, no lookup, no cluster.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run render.go CHART RELEASE <values.yaml
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

type object = map[string]any

func read(file string) object {
	text, err := os.ReadFile(file)
	check(err)
	return parse(text)
}

func parse(text []byte) object {
	value := object{}
	check(yaml.Unmarshal(text, &value))
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// As Helm merges values: objects by their keys, everything else as a whole.
func merge(base, over object) object {
	for name, value := range over {
		inner, isObject := value.(object)
		before, wasObject := base[name].(object)
		if isObject && wasObject {
			base[name] = merge(before, inner)
		} else {
			base[name] = value
		}
	}
	return base
}

func main() {
	log.SetFlags(0)
	chart, release := os.Args[1], os.Args[2]
	given, err := io.ReadAll(os.Stdin)
	check(err)
	about := read(filepath.Join(chart, "Chart.yaml"))
	root := object{
		"Values":  merge(read(filepath.Join(chart, "values.yaml")), parse(given)),
		"Chart":   object{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
		"Release": object{"Name": release, "Namespace": "default", "Service": "Helm"},
	}
	all := template.New("chart").Option("missingkey=zero").Funcs(sprig.TxtFuncMap())
	all.Funcs(template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var out strings.Builder
			err := all.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"required": func(why string, value any) (any, error) {
			if value == nil || value == "" {
				return nil, errors.New(why)
			}
			return value, nil
		},
		"toYaml": func(value any) (string, error) {
			var out bytes.Buffer
			encoder := yaml.NewEncoder(&out)
			encoder.SetIndent(2)
			err := encoder.Encode(value)
			return strings.TrimSuffix(out.String(), "\n"), err
		},
	})
	files, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	check(err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		_, err = all.New(filepath.Base(file)).Parse(string(text))
		check(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "_") {
			continue
		}
		var out strings.Builder
		check(all.ExecuteTemplate(&out, name, root))
		if strings.TrimSpace(out.String()) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, strings.TrimSpace(out.String()))
		}
	}
}
