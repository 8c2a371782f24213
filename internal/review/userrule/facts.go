package userrule

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
	"github.com/hatoba/hatoba/internal/review/secret"
)

// facts are the variables of an expression: plain maps, lists, strings, numbers
// and times, under the names AWS's JSON has.
func facts(s *review.Subject, needs []review.Part) map[string]any {
	vars := map[string]any{}
	for _, p := range needs {
		switch p {
		case review.PartTaskDef:
			vars[string(p)] = hide(s, "", document(s.TaskDef.Value.Doc, s.TaskDef.Value.TaskDefinition))
		case review.PartService:
			vars[string(p)] = hide(s, "", document(s.Service.Value.Doc, s.Service.Value.Service))
		case review.PartDockerfile:
			vars[string(p)] = dockerfile(s, s.Dockerfile.Value)
		case review.PartImage:
			vars[string(p)] = image(s, s.Image.Value)
		case review.PartSource:
			vars[string(p)] = source(s.Source.Value)
		case review.PartLive:
			vars[string(p)] = hide(s, "", live(s.Live.Value))
		case review.PartDrill:
			vars[string(p)] = plain(reflect.ValueOf(s.Drills.Value))
		}
	}
	return vars
}

// document is what stands in the file, also fields that the SDK does not know;
// of what was read without a file, what the SDK has.
func document(root *doc.Node, otherwise any) any {
	if root == nil {
		return plain(reflect.ValueOf(otherwise))
	}
	return root.Value()
}

func placeOf(s *review.Subject, p review.Part) review.Place {
	switch p {
	case review.PartTaskDef:
		return s.TaskDef.Value.At()
	case review.PartService:
		return s.Service.Value.At()
	case review.PartDockerfile:
		return review.Place{File: s.Dockerfile.Value.File, Line: 1}
	case review.PartImage:
		return s.Image.Value.At()
	case review.PartSource:
		return review.Place{File: s.Source.Value.Root}
	}
	return review.Place{File: "live"}
}

// hide puts a print in the place of each value that looks like a secret, by its
// name or by itself. Equal secrets keep equal prints.
func hide(s *review.Subject, name string, v any) any {
	switch v := v.(type) {
	case string:
		if kept := hidden(s, name, v); kept != v {
			return kept
		}
		return hideText(s, v, false)
	case []any:
		for i := range v {
			v[i] = hide(s, name, v[i])
		}
	case map[string]any:
		own, _ := v["name"].(string)
		for k := range v {
			as := k
			if k == "value" && own != "" {
				as = own // {"name": "DB_PASSWORD", "value": "…"}
			}
			v[k] = hide(s, as, v[k])
		}
	}
	return v
}

func hidden(s *review.Subject, name, value string) string {
	if secret.Looks(name, value) == secret.None {
		return value
	}
	if s.Print == nil {
		return "secret"
	}
	return "secret:" + s.Print(value)
}

// hideText hides words that are secrets, and the values of NAME=secret; in a
// Dockerfile's text also of NAME secret, which elsewhere is prose.
func hideText(s *review.Subject, text string, dockerfile bool) string {
	if secret.Value(text) == secret.PrivateKey {
		return hidden(s, "", text)
	}
	words := strings.Split(text, " ")
	for i, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			name, value = "", w
		}
		if bare := strings.Trim(value, `"'`); secret.Looks(name, bare) != secret.None {
			words[i] = strings.Replace(w, bare, hidden(s, name, bare), 1)
		} else if dockerfile && i > 0 && secret.Looks(words[i-1], bare) != secret.None {
			words[i] = hidden(s, words[i-1], bare) // ENV NAME value
		}
	}
	return strings.Join(words, " ")
}

func dockerfile(s *review.Subject, d *review.Dockerfile) map[string]any {
	instructions, stages := []any{}, []any{}
	if d.AST != nil {
		stage := -1
		for _, n := range d.AST.Children {
			if strings.EqualFold(n.Value, "from") {
				stage++
			}
			instructions = append(instructions, map[string]any{
				"name": strings.ToUpper(n.Value), "text": hideText(s, n.Original, true), "line": n.StartLine, "stage": stage,
			})
		}
	}
	for _, stage := range d.Stages {
		stages = append(stages, map[string]any{"name": stage.Name, "base": stage.BaseName, "platform": stage.Platform})
	}
	return map[string]any{"file": d.File, "instructions": instructions, "stages": stages}
}

// image gives what the image is and the list of its files, without contents.
func image(s *review.Subject, i *review.Image) map[string]any {
	c := i.Config.Config
	env := []any{}
	for _, e := range c.Env {
		name, value, _ := strings.Cut(e, "=")
		env = append(env, map[string]any{"name": name, "value": hidden(s, name, value)})
	}
	ports := []any{}
	for p := range c.ExposedPorts {
		ports = append(ports, p)
	}
	platforms := []any{}
	for _, p := range i.Platforms {
		platforms = append(platforms, map[string]any{"os": p.OS, "architecture": p.Architecture, "variant": p.Variant})
	}
	layers := []any{}
	for _, l := range i.Layers {
		layers = append(layers, map[string]any{"digest": l.Digest, "createdBy": hideText(s, l.CreatedBy, true), "size": l.Size, "unpacked": l.Unpacked})
	}
	files := make([]any, 0, len(i.Files))
	for _, f := range i.Files {
		files = append(files, map[string]any{"path": f.Path, "mode": fmt.Sprintf("%04o", octal(f)), "uid": f.UID, "gid": f.GID,
			"size": f.Size, "link": f.Link, "layer": f.Layer, "hidden": f.Hidden})
	}
	labels := map[string]any{}
	for k, v := range c.Labels {
		labels[k] = hidden(s, k, v)
	}
	return map[string]any{
		"ref": i.Ref, "digest": i.Digest, "size": i.Size, "platforms": platforms, "layers": layers, "files": files,
		"os": i.Config.OS, "architecture": i.Config.Architecture, "created": i.Config.Created.Time,
		"config": map[string]any{"user": c.User, "env": env, "entrypoint": words(s, c.Entrypoint), "cmd": words(s, c.Cmd),
			"workingDir": c.WorkingDir, "exposedPorts": ports, "labels": labels, "stopSignal": c.StopSignal},
	}
}

func words(s *review.Subject, list []string) []any {
	out := []any{}
	for _, w := range list {
		out = append(out, hideText(s, w, false))
	}
	return out
}

func source(src *review.Source) map[string]any {
	files := make([]any, 0, len(src.Files))
	for _, f := range src.Files {
		files = append(files, map[string]any{"path": f.Path, "size": f.Size})
	}
	return map[string]any{"root": src.Root, "files": files}
}
