// Package reviewtest makes subjects out of golden files.
package reviewtest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/read"
)

// Now is the time of every golden subject.
var Now = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// Case is one case of a golden archive: the files below one folder.
type Case struct {
	Name  string // the folder: bad, bad-image, good, gap-live …
	Files map[string][]byte
	Want  string
}

// Cases splits an archive; they keep its order.
func Cases(a *txtar.Archive) []*Case {
	var out []*Case
	byName := map[string]*Case{}
	for _, f := range a.Files {
		folder, name, _ := strings.Cut(f.Name, "/")
		c := byName[folder]
		if c == nil {
			c = &Case{Name: folder, Files: map[string][]byte{}}
			byName[folder] = c
			out = append(out, c)
		}
		if name == "want" {
			c.Want = string(f.Data)
		} else {
			c.Files[name] = f.Data
		}
	}
	return out
}

// Subject reads a case's files:
//
//	taskdef.json  service.json  Dockerfile  source/…
//	image.json    review.Image; a file's Mode may be an octal string
//	image/…       the content of a file of the image (listed or not)
//	live.json     review.Live; what is left out was not read
//	vulns.json    review.VulnScan
//	drill.json    review.Drills
func Subject(files map[string][]byte) (*review.Subject, error) {
	none := review.Say("not given", "指定なし")
	s := &review.Subject{Now: Now, Print: func(v string) string { return fmt.Sprintf("print-of-%d-characters", len(v)) }}
	s.TaskDef.Why, s.Service.Why, s.Dockerfile.Why, s.Image.Why, s.Source.Why, s.Live.Why, s.Drills.Why = none, none, none, none, none, none, none
	source, content := fstest.MapFS{}, map[string][]byte{}
	for name, text := range files {
		var err error
		switch {
		case name == "taskdef.json":
			err = given(&s.TaskDef, read.TaskDef, name, text)
		case name == "service.json":
			err = given(&s.Service, read.Service, name, text)
		case name == "Dockerfile":
			err = given(&s.Dockerfile, read.Dockerfile, name, text)
		case strings.HasPrefix(name, "source/"):
			source[strings.TrimPrefix(name, "source/")] = &fstest.MapFile{Data: text, Mode: 0o644}
		case name == "image.json":
			err = given(&s.Image, imageOf, name, text)
		case strings.HasPrefix(name, "image/"):
			content[strings.TrimPrefix(name, "image/")] = text
		case name == "live.json":
			live := &review.Live{Account: "123456789012", Region: "us-east-1"}
			if err = json.Unmarshal(text, live); err == nil {
				s.Live = review.Have(live)
			}
		case name == "drill.json":
			drills := &review.Drills{}
			if err = json.Unmarshal(text, drills); err == nil {
				s.Drills = review.Have(drills)
			}
		case name == "vulns.json":
			scan := &review.VulnScan{}
			if err = json.Unmarshal(text, scan); err == nil {
				s.Vulns = review.Have(scan)
			}
		default:
			err = fmt.Errorf("nobody reads it")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(source) > 0 {
		read, err := read.Source(".", source)
		if err != nil {
			return nil, err
		}
		s.Source = review.Have(read)
	}
	return s, withContent(s, content)
}

func given[T any](into *review.Given[T], read func(string, []byte) (T, error), name string, text []byte) error {
	v, err := read(name, text)
	if err == nil {
		*into = review.Have(v)
	}
	return err
}

// imageOf reads an image's description.
func imageOf(_ string, text []byte) (*review.Image, error) {
	var files struct {
		Files []map[string]any
	}
	if err := json.Unmarshal(text, &files); err != nil {
		return nil, err
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	for _, f := range files.Files {
		if octal, ok := f["Mode"].(string); ok {
			n, err := strconv.ParseUint(octal, 8, 32)
			if err != nil {
				return nil, err
			}
			mode := fs.FileMode(n & 0o777)
			if n&0o4000 != 0 {
				mode |= fs.ModeSetuid
			}
			if n&0o2000 != 0 {
				mode |= fs.ModeSetgid
			}
			if n&0o1000 != 0 {
				mode |= fs.ModeSticky
			}
			f["Mode"] = uint32(mode)
		}
	}
	if files.Files != nil {
		whole["Files"] = files.Files
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	image := &review.Image{}
	return image, json.Unmarshal(text, image)
}

func withContent(s *review.Subject, content map[string][]byte) error {
	if len(content) == 0 {
		return nil
	}
	if !s.Image.OK {
		return fmt.Errorf("image/… without image.json")
	}
	i := s.Image.Value
	for k := range i.Files {
		if text, ok := content[i.Files[k].Path]; ok {
			i.Files[k].Content, i.Files[k].Size = text, int64(len(text))
			delete(content, i.Files[k].Path)
		}
	}
	for name, text := range content {
		i.Files = append(i.Files, review.File{Path: path.Clean(name), Mode: 0o644, Size: int64(len(text)), Content: text})
	}
	return nil
}
