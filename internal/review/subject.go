package review

import (
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/hatoba/hatoba/internal/review/doc"
)

// Subject is everything the review was given to look at. It is complete before
// the first rule looks, and no rule changes it.
type Subject struct {
	TaskDef    Given[*TaskDef]
	Service    Given[*ServiceDef]
	Dockerfile Given[*Dockerfile]
	Image      Given[*Image]
	Source     Given[*Source]
	Live       Given[*Live]
	Drills     Given[*Drills]
	Vulns      Given[*VulnScan] // of the image and the source; no part of its own

	// Now is the time the review speaks of: ages are counted back from it.
	Now time.Time
	// Print makes a keyed fingerprint of a secret value: equal values have equal
	// prints within one review, and a print tells nothing of the value.
	Print func(value string) string
}

// Given is a thing that was given and read, or the reason it was not.
type Given[T any] struct {
	Value T    // valid if OK
	OK    bool // given and read
	// Why and How, if not OK: why it could not be examined (not given, not
	// readable, refused) and what to type to have it examined.
	Why, How Text
}

// Have is a thing that was read.
func Have[T any](v T) Given[T] { return Given[T]{Value: v, OK: true} }

// Missing is a thing that was not read.
func Missing[T any](why, how Text) Given[T] { return Given[T]{Why: why, How: how} }

// Gap is the outcome of a half that needs what is missing.
func (g Given[T]) Gap(at Place) Outcome {
	return Outcome{Status: NotExamined, Place: at, Observed: g.Why, Todo: g.How}
}

// has reports whether a part is there, and why not.
func (s *Subject) has(p Part) (ok bool, why, how Text) {
	switch p {
	case PartTaskDef:
		return s.TaskDef.OK, s.TaskDef.Why, s.TaskDef.How
	case PartService:
		return s.Service.OK, s.Service.Why, s.Service.How
	case PartDockerfile:
		return s.Dockerfile.OK, s.Dockerfile.Why, s.Dockerfile.How
	case PartImage:
		return s.Image.OK, s.Image.Why, s.Image.How
	case PartSource:
		return s.Source.OK, s.Source.Why, s.Source.How
	case PartLive:
		return s.Live.OK, s.Live.Why, s.Live.How
	case PartDrill:
		return s.Drills.OK, s.Drills.Why, s.Drills.How
	}
	panic("review: no part " + string(p))
}

// TaskDef is a task definition: what the SDK understands of it, and the
// document it stands in. Fields that nobody knows are in the document only.
type TaskDef struct {
	File string // a path, or the ARN it was described by
	Doc  *doc.Node
	types.TaskDefinition
	Tags []types.Tag
}

// At is the place of a value: At("containerDefinitions", 0, "image"). Of a
// value that is not there, it is the place of the nearest one around it.
func (t *TaskDef) At(path ...any) Place { return placeOf(t.File, t.Doc, path) }

// Container is the index of a container by its name, or -1.
func (t *TaskDef) Container(name string) int {
	for i, c := range t.ContainerDefinitions {
		if c.Name != nil && *c.Name == name {
			return i
		}
	}
	return -1
}

// Fargate reports whether the definition asks for, or fits only, Fargate.
func (t *TaskDef) Fargate() bool {
	for _, c := range t.RequiresCompatibilities {
		if c == types.CompatibilityFargate {
			return true
		}
	}
	return false
}

// ServiceDef is a service: a definition file in CreateService's shape, as
// ecspresso keeps it, or what DescribeServices says.
type ServiceDef struct {
	File string
	Doc  *doc.Node
	types.Service
}

// At is the place of a value, as TaskDef.At.
func (s *ServiceDef) At(path ...any) Place { return placeOf(s.File, s.Doc, path) }

func placeOf(file string, root *doc.Node, path []any) Place {
	if root == nil {
		return Place{File: file}
	}
	line, col := root.Find(path...).Pos()
	return Place{File: file, Line: line, Col: col}
}

// Dockerfile is a Dockerfile as buildkit parses it.
type Dockerfile struct {
	File   string
	AST    *parser.Node
	Stages []instructions.Stage
	Args   []instructions.ArgCommand // before the first FROM
	Lines  []string                  // the file's text, line 1 at index 0
}

// Final is the stage that becomes the image; nil in a file without stages.
func (d *Dockerfile) Final() *instructions.Stage {
	if len(d.Stages) == 0 {
		return nil
	}
	return &d.Stages[len(d.Stages)-1]
}

// At is the place of an instruction.
func (d *Dockerfile) At(location []parser.Range) Place {
	if len(location) == 0 {
		return Place{File: d.File}
	}
	return Place{File: d.File, Line: location[0].Start.Line, Col: location[0].Start.Character + 1}
}

// Image is a container image of one platform, with its files listed.
type Image struct {
	Ref       string        // as given
	Digest    string        // of what Ref names: the index, if it is one
	Platforms []v1.Platform // of the index, or the one of a plain image
	Config    v1.ConfigFile // of the platform looked at
	Size      int64         // bytes to transfer: compressed layers
	Layers    []Layer       // that hold files, lowest first
	Files     []File        // of all layers, also those a later layer hides
	// Declared is the place in a file that names this image: the task
	// definition's image line or the Dockerfile's last FROM. Findings about the
	// image as a whole point there.
	Declared Place
}

// At is where a finding about the image points.
func (i *Image) At() Place {
	if i.Declared.File != "" {
		return i.Declared
	}
	return Place{File: i.Ref}
}

// Layer is one layer of an image.
type Layer struct {
	Digest    string
	CreatedBy string // the history's line
	Size      int64  // compressed bytes
	Unpacked  int64  // bytes of its files
}

// File is a file of an image.
type File struct {
	Path     string // clean, without a leading slash
	Mode     fs.FileMode
	UID, GID int
	Size     int64
	Link     string // of a symbolic or hard link
	Layer    int    // index in Layers
	Hidden   bool   // a later layer removes or replaces it: it is transferred, and readable with a tool
	Content  []byte // of the few that rules read (read.Keep); nil otherwise
}

// Visible yields the files a process in the container sees.
func (i *Image) Visible() []File {
	var out []File
	for _, f := range i.Files {
		if !f.Hidden {
			out = append(out, f)
		}
	}
	return out
}

// Source is a source folder. Version control, dependencies and build output are
// not in it.
type Source struct {
	Root  string
	Files []SourceFile // by path
}

// SourceFile is a file of the source folder.
type SourceFile struct {
	Path string // relative, with slashes
	Size int64
	Text string // empty for what is binary or larger than 1 MiB
}

// Place is a line of the file, as the user would name it.
func (s *Source) Place(path string, line int) Place {
	file := path
	if s.Root != "" && s.Root != "." {
		file = s.Root + "/" + path
	}
	return Place{File: file, Line: line}
}

// Find is the file of a path, or nil.
func (s *Source) Find(path string) *SourceFile {
	for i := range s.Files {
		if s.Files[i].Path == path {
			return &s.Files[i]
		}
	}
	return nil
}
