package read

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
)

// TaskDef reads a task definition as RegisterTaskDefinition takes it, as
// DescribeTaskDefinition gives it, or as ecspresso keeps it. Fields that the SDK
// does not know stay in the document.
func TaskDef(file string, text []byte) (*review.TaskDef, error) {
	root, text, err := document(file, text, "taskDefinition")
	if err != nil {
		return nil, err
	}
	if containers := root.Get("containerDefinitions"); containers == nil || len(containers.Items) == 0 {
		return nil, fmt.Errorf("%s: not a task definition: it has no containerDefinitions", file)
	}
	td := &review.TaskDef{File: file, Doc: root}
	if err := lenient(text, &td.TaskDefinition); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(td.ContainerDefinitions) == 0 {
		return nil, fmt.Errorf("%s: containerDefinitions is no list of objects", file)
	}
	var rest struct{ Tags json.RawMessage }
	if lenient(text, &rest) == nil && rest.Tags != nil {
		_ = lenient(rest.Tags, &td.Tags)
	}
	return td, nil
}

// Service reads a service as CreateService takes it, as DescribeServices gives
// it, or as ecspresso keeps it.
func Service(file string, text []byte) (*review.ServiceDef, error) {
	root, text, err := document(file, text, "service")
	if err != nil {
		return nil, err
	}
	if root.Get("containerDefinitions") != nil {
		return nil, fmt.Errorf("%s: this is a task definition; a service definition is asked for", file)
	}
	s := &review.ServiceDef{File: file, Doc: root}
	if err := lenient(text, &s.Service); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

// document parses a file and opens the wrapping that describe calls put around.
func document(file string, text []byte, wrapping string) (*doc.Node, []byte, error) {
	root, err := doc.Parse(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	if root.Kind != doc.Object {
		return nil, nil, fmt.Errorf("%s: a JSON object is asked for", file)
	}
	if inner := root.Get(wrapping); inner != nil && inner.Kind == doc.Object {
		var outer map[string]json.RawMessage
		if err := json.Unmarshal(text, &outer); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		return inner, outer[wrapping], nil
	}
	return root, text, nil
}

// lenient decodes what fits. A field of another type than AWS's is left out:
// the registration would refuse it, and the document still has it.
func lenient(text []byte, into any) error {
	err := json.Unmarshal(text, into)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return nil
	}
	return err
}
