package read

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/google/go-jsonnet"
	"github.com/google/go-jsonnet/ast"
)

// Values are what templates may ask for. A value that was not given, and that
// nobody is there to Ask for, is an error that names it.
type Values struct {
	Vars    map[string]string                // by --var
	Lookup  func(name string) (string, bool) // the environment; may be nil
	TFState string                           // a Terraform state file

	// Ask answers the functions that look into an account: ssm, secretsmanager_arn
	// and so on, with their arguments. Nil where no account is asked.
	Ask func(function string, args ...string) (string, error)
}

// value is a variable, as given before the environment's.
func (v Values) value(name string) (string, bool) {
	if s, ok := v.Vars[name]; ok {
		return s, true
	}
	if v.Lookup != nil {
		return v.Lookup(name)
	}
	return "", false
}

// Definition reads a definition file and fills its templates in: jsonnet for
// .jsonnet, ecspresso's template functions elsewhere. A template keeps its lines,
// so that places stay true; of jsonnet, places are those of its output.
func Definition(_ context.Context, file string, v Values) ([]byte, error) {
	switch filepath.Ext(file) {
	case ".yml", ".yaml":
		return nil, fmt.Errorf("%s: YAML definitions are not read; give JSON or jsonnet", file)
	case ".jsonnet", ".libsonnet":
		return evaluate(file, v)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Fill(file, text, v)
}

// Fill fills ecspresso's template functions into a definition.
func Fill(file string, text []byte, v Values) ([]byte, error) {
	if !bytes.Contains(text, []byte("{{")) {
		return text, nil
	}
	t, err := template.New(filepath.Base(file)).Option("missingkey=error").Funcs(v.functions()).Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	out := &bounded{most: 16 << 20}
	if err := t.Execute(out, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return out.Bytes(), nil
}

// bounded is a buffer that a template cannot fill without end.
type bounded struct {
	bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, errors.New("the template writes more than 16 MiB")
	}
	return b.Buffer.Write(p)
}

// functions are ecspresso's, by their names there.
func (v Values) functions() template.FuncMap {
	f := template.FuncMap{
		"env": func(name string, rest ...string) string {
			if s, ok := v.value(name); ok && s != "" {
				return s
			}
			for _, s := range rest {
				if s != "" {
					return s
				}
			}
			return ""
		},
		"must_env": v.mustEnv,
		"json_escape": func(s string) (string, error) {
			b, err := json.Marshal(s)
			return strings.Trim(string(b), `"`), err
		},
		"tfstate": v.tfstate,
		"tfstatef": func(format string, args ...any) (string, error) {
			return v.tfstate(fmt.Sprintf(format, args...))
		},
	}
	// These look into an account. What they would answer can be given.
	for _, name := range []string{"ssm", "ssm_list", "secretsmanager_arn", "secretsmanager_value", "cfn_output", "cfn_export"} {
		f[name] = func(args ...string) (string, error) {
			key := name + " " + strings.Join(args, " ")
			if s, ok := v.Vars[key]; ok {
				return s, nil
			}
			if v.Ask != nil {
				return v.Ask(name, args...)
			}
			return "", fmt.Errorf("the review does not look this up; give --var '%s=VALUE'", key)
		}
	}
	return f
}

func (v Values) mustEnv(name string) (string, error) {
	if s, ok := v.value(name); ok {
		return s, nil
	}
	return "", fmt.Errorf("%s is not set; give --var %s=VALUE", name, name)
}

// tfstate looks an attribute up: aws_lb.main.arn, data.aws_vpc.x.id,
// module.a.aws_y.b.id, aws_subnet.private['a'].id, output.name.
func (v Values) tfstate(address string) (string, error) {
	if s, ok := v.Vars["tfstate "+address]; ok {
		return s, nil
	}
	if v.TFState == "" {
		return "", fmt.Errorf("no Terraform state was given; give --tfstate FILE, or --var 'tfstate %s=VALUE'", address)
	}
	text, err := os.ReadFile(v.TFState)
	if err != nil {
		return "", err
	}
	s, err := lookup(text, address)
	if err != nil {
		return "", fmt.Errorf("%s: %w", v.TFState, err)
	}
	return s, nil
}

// evaluate runs jsonnet. It imports from the file's own folder only.
func evaluate(file string, v Values) ([]byte, error) {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	vm := jsonnet.MakeVM()
	vm.MaxStack = 200
	vm.Importer(&within{root: root, seen: map[string]jsonnet.Contents{}})
	for name, value := range v.Vars {
		vm.ExtVar(name, value)
	}
	native := func(name string, params []string, call func([]any) (any, error)) {
		ids := make(ast.Identifiers, len(params))
		for i, p := range params {
			ids[i] = ast.Identifier(p)
		}
		vm.NativeFunction(&jsonnet.NativeFunction{Name: name, Params: ids, Func: call})
	}
	native("must_env", []string{"name"}, func(a []any) (any, error) { return v.mustEnv(fmt.Sprint(a[0])) })
	native("env", []string{"name", "default"}, func(a []any) (any, error) {
		if s, ok := v.value(fmt.Sprint(a[0])); ok && s != "" {
			return s, nil
		}
		return a[1], nil
	})
	native("tfstate", []string{"address"}, func(a []any) (any, error) { return v.tfstate(fmt.Sprint(a[0])) })
	out, err := vm.EvaluateFile(filepath.Base(file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return []byte(out), nil
}

// within imports files below one folder.
type within struct {
	root *os.Root
	seen map[string]jsonnet.Contents
}

func (w *within) Import(from, name string) (jsonnet.Contents, string, error) {
	if filepath.IsAbs(name) {
		return jsonnet.Contents{}, "", fmt.Errorf("import %s: only files beside the definition are imported", name)
	}
	at := filepath.Join(filepath.Dir(from), name)
	if c, ok := w.seen[at]; ok {
		return c, at, nil
	}
	text, err := w.root.ReadFile(at)
	if err != nil {
		return jsonnet.Contents{}, "", err
	}
	w.seen[at] = jsonnet.MakeContents(string(text))
	return w.seen[at], at, nil
}
