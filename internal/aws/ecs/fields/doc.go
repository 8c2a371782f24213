package fields

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// Documented is a table with the SDK type it is for.
type Documented struct {
	Table Table
	Input reflect.Type
}

// All returns every table, in the order of the document.
func All() []Documented {
	return []Documented{
		{RegisterTaskDefinition(), reflect.TypeFor[ecs.RegisterTaskDefinitionInput]()},
		{RunTask(), reflect.TypeFor[ecs.RunTaskInput]()},
		{StartTask(), reflect.TypeFor[ecs.StartTaskInput]()},
		{CreateService(), reflect.TypeFor[ecs.CreateServiceInput]()},
		{UpdateService(), reflect.TypeFor[ecs.UpdateServiceInput]()},
		{CreateCluster(), reflect.TypeFor[ecs.CreateClusterInput]()},
		{UpdateCluster(), reflect.TypeFor[ecs.UpdateClusterInput]()},
		{UpdateClusterSettings(), reflect.TypeFor[ecs.UpdateClusterSettingsInput]()},
	}
}

// Unclassed lists the fields of the SDK's type that have no row, and the rows
// that are for no field.
func (d Documented) Unclassed() (missing, stale []string) {
	used := map[string]bool{}
	for _, path := range Leaves(d.Input) {
		f, ok := d.Table.Find(path)
		if !ok {
			missing = append(missing, path)
			continue
		}
		used[f.Path] = true
	}
	for _, f := range d.Table.Fields {
		if base, _, isKey := strings.Cut(f.Path, "{"); isKey && used[base] {
			continue
		}
		if !used[f.Path] {
			stale = append(stale, f.Path)
		}
	}
	return missing, stale
}

const docHead = `# Compatibility

<!-- Made by go generate ./internal/aws/ecs/fields; do not edit. -->

What becomes of every field of the ECS operations that start work. A field is

- **done**: it does what AWS says it does;
- **accepted without effect**: it is checked, kept and described, and changes nothing, for the reason given;
- **refused**: the request is answered with an error that names the field and says what to do.

Nothing is ignored in silence. Empty and default values (absent, ` + "`false`, `0`, `[]`, `{}`" + `) are always accepted.
Operations that are not listed by the service are refused by name.
`

// Markdown is the text of docs/compatibility.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(docHead)
	for _, d := range All() {
		fmt.Fprintf(&b, "\n## %s\n\n| field | class | note |\n|---|---|---|\n", d.Table.Operation)
		for _, f := range d.Table.Fields {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Path, class(f), f.Note)
		}
	}
	return b.String()
}

func class(f Field) string {
	if len(f.Values) > 0 {
		return fmt.Sprintf("done for `%s`, other values refused", strings.Join(f.Values, "`, `"))
	}
	return string(f.Class)
}
