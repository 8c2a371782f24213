package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

// size is a number of bytes as people read it.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d kB", (n+999)/1000)
}

// some lists the first few of many.
func some(names []string) string {
	if len(names) > 5 {
		return strings.Join(names[:5], ", ") + fmt.Sprintf(" (+%d)", len(names)-5)
	}
	return strings.Join(names, ", ")
}

// visibleFile is what a process in the container sees at a path, or nil.
func visibleFile(i *review.Image, at string) *review.File {
	for k := range i.Files {
		if f := &i.Files[k]; f.Path == at && !f.Hidden {
			return f
		}
	}
	return nil
}

// account is a line of /etc/passwd.
type account struct{ name, password, uid string }

// accounts are the image's users; ok is false if the file is not there or was
// not kept.
func accounts(i *review.Image) (out []account, ok bool) {
	f := visibleFile(i, "etc/passwd")
	if f == nil || f.Content == nil {
		return nil, false
	}
	for line := range strings.Lines(string(f.Content)) {
		if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) >= 3 && !strings.HasPrefix(line, "#") {
			out = append(out, account{fields[0], fields[1], fields[2]})
		}
	}
	return out, true
}

// cacheBytes are the bytes of files below folders, in any layer: removing them
// later saves nothing.
func cacheBytes(i *review.Image, match func(file string) bool) (bytes int64, layer int) {
	most := map[int]int64{}
	for _, f := range i.Files {
		if f.Mode.IsRegular() && match(f.Path) {
			bytes += f.Size
			most[f.Layer] += f.Size
		}
	}
	for n, size := range most {
		if size > most[layer] || size == most[layer] && n < layer {
			layer = n
		}
	}
	return bytes, layer
}

// layerName says which layer is meant, by what made it.
func layerName(i *review.Image, n int) string {
	if n < 0 || n >= len(i.Layers) || i.Layers[n].CreatedBy == "" {
		return fmt.Sprint(n + 1)
	}
	made := strings.Join(strings.Fields(i.Layers[n].CreatedBy), " ")
	if _, rest, ok := strings.Cut(made, "/bin/sh -c "); ok { // build arguments before it may be secrets
		made = rest
	}
	words := strings.Fields(made)
	for k, w := range words {
		if name, value, _ := strings.Cut(w, "="); secret.Looks(name, value) != secret.None || secret.Value(w) != secret.None || k > 0 && strings.HasSuffix(words[k-1], ":") {
			words[k] = "***"
		}
	}
	if made = strings.Join(words, " "); len(made) > 60 {
		made = strings.ToValidUTF8(made[:60], "") + "…"
	}
	return fmt.Sprintf("%d (%s)", n+1, made)
}

// sidecars are names that images of helpers beside the service have.
var sidecars = []string{"aws-for-fluent-bit", "fluent-bit", "fluentd", "envoy", "aws-appmesh-envoy", "aws-xray-daemon", "xray",
	"aws-otel-collector", "opentelemetry-collector", "cloudwatch-agent", "datadog-agent", "agent", "newrelic-infrastructure", "amazon-ecs-service-connect-agent"}

// ownContainer is the container that runs the image or the Dockerfile that was
// given: the one that names it, else the first that is no helper.
func ownContainer(s *review.Subject) int {
	containers := s.TaskDef.Value.ContainerDefinitions
	if s.Image.OK {
		for n, c := range containers {
			if str(c.Image) != "" && str(c.Image) == s.Image.Value.Ref {
				return n
			}
		}
	}
	for n, c := range containers {
		repository, _, _ := splitRef(str(c.Image))
		if c.FirelensConfiguration == nil && (c.Essential == nil || *c.Essential) && !slices.Contains(sidecars, path.Base(repository)) {
			return n
		}
	}
	return 0
}
