package report

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// locate is the place in a file that an outcome belongs to, and whether it is
// the outcome's own. Code hosts refuse results without a file: what was seen in
// an image or an account points to the first file of the review.
func locate(r *review.Report, p review.Place) (at review.Place, own bool) {
	if isFile(r, p) {
		return p, true
	}
	for _, part := range []review.Part{review.PartTaskDef, review.PartService, review.PartDockerfile} {
		for _, i := range r.Inputs {
			if i.Part == part && i.Name != "" && i.Read && !remote(i.Name) {
				return review.Place{File: i.Name, Line: 1}, false
			}
		}
	}
	if p.File == "" {
		p.File = "task-definition" // a review of an account alone, about nothing in particular
	}
	return review.Place{File: p.File}, false
}

// isFile reports whether a place is in a file and not an image or an ARN.
func isFile(r *review.Report, p review.Place) bool {
	if p.File == "" || remote(p.File) {
		return false
	}
	for _, i := range r.Inputs {
		if i.Name == "" {
			continue
		}
		switch i.Part {
		case review.PartImage, review.PartLive, review.PartDrill:
			if i.Name == p.File {
				return false
			}
		case review.PartSource:
			if root := strings.TrimSuffix(i.Name, "/"); p.File == root || strings.HasPrefix(p.File, root+"/") {
				return p.File != root
			}
		default:
			if i.Name == p.File {
				return true
			}
		}
	}
	if p.Line > 0 {
		return true
	}
	base := path.Base(p.File)
	return !strings.Contains(p.File, ":") && (strings.Contains(base, ".") || strings.HasPrefix(base, "Dockerfile"))
}

// remote reports whether a name is an ARN, a URL, a pinned image, or a family
// and revision, and so no path.
func remote(name string) bool {
	if strings.HasPrefix(name, "arn:") || strings.Contains(name, "://") || strings.Contains(name, "@sha256:") {
		return true
	}
	_, behind, ok := strings.Cut(path.Base(name), ":")
	return ok && behind != "" // app:1, web:3
}

// uri is the relative URI of a path.
func uri(file, dir string) string {
	if filepath.IsAbs(file) && dir != "" {
		if rel, err := filepath.Rel(dir, file); err == nil {
			file = rel
		}
	}
	if filepath.IsAbs(file) {
		file = strings.TrimPrefix(file, "/")
	}
	return (&url.URL{Path: path.Clean(filepath.ToSlash(file))}).String()
}
