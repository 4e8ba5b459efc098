// Command manifests checks files for Kubernetes and Docker Compose with their own parsers: unknown and repeated fields, and values
// of a wrong type, are errors. It prints a line for each file that is wrong.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	code := 0
	for _, path := range os.Args[1:] {
		check := checkKubernetes
		if strings.HasPrefix(filepath.Base(path), "compose") {
			check = checkCompose
		}
		if err := check(path); err != nil {
			fmt.Printf("%s: %v\n", path, err)
			code = 1
		}
	}
	os.Exit(code)
}

// checkKubernetes decodes each document of a file into the type of its kind.
func checkKubernetes(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for i, document := range bytes.Split(content, []byte("\n---\n")) {
		if err := checkDocument(document); err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
	}
	return nil
}

func checkDocument(document []byte) error {
	var kind struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return err
	}
	objects := map[string]any{
		"batch/v1 Job": &batch.Job{}, "batch/v1 CronJob": &batch.CronJob{}, "v1 ConfigMap": &core.ConfigMap{}, "v1 Secret": &core.Secret{},
		"v1 PersistentVolumeClaim": &core.PersistentVolumeClaim{}, "v1 ServiceAccount": &core.ServiceAccount{}, "v1 Namespace": &core.Namespace{},
	}
	object := objects[kind.APIVersion+" "+kind.Kind]
	if object == nil {
		return fmt.Errorf("%s %s is not known", kind.APIVersion, kind.Kind)
	}
	return yaml.UnmarshalStrict(document, object)
}

// checkCompose loads a project as docker compose does.
func checkCompose(path string) error {
	options, err := cli.NewProjectOptions([]string{path}, cli.WithEnv([]string{"PGPASSWORD=x"}), cli.WithName("check"))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err == nil && len(project.Services) == 0 {
		err = errors.New("it has no services")
	}
	return err
}
