// Package exposition writes numbers in the text format that Prometheus reads.
//
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
package exposition

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// ContentType is the format's.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Family are the samples of one name.
type Family struct {
	Name, Help string
	Counter    bool // else a gauge
	Samples    []Sample
}

// Sample is a number with labels, by name and value in turn.
type Sample struct {
	Labels []string
	Value  float64
}

// Add adds a sample.
func (f *Family) Add(value float64, labels ...string) {
	f.Samples = append(f.Samples, Sample{Labels: labels, Value: value})
}

// Write writes families that have samples, ordered by name.
func Write(w io.Writer, families []Family) error {
	slices.SortStableFunc(families, func(a, b Family) int { return strings.Compare(a.Name, b.Name) })
	var out strings.Builder
	for _, f := range families {
		if len(f.Samples) == 0 {
			continue
		}
		kind := "gauge"
		if f.Counter {
			kind = "counter"
		}
		out.WriteString("# HELP " + f.Name + " " + escape(f.Help, false) + "\n# TYPE " + f.Name + " " + kind + "\n")
		for _, s := range f.Samples {
			out.WriteString(f.Name)
			for i := 0; i+1 < len(s.Labels); i += 2 {
				between := ","
				if i == 0 {
					between = "{"
				}
				out.WriteString(between + s.Labels[i] + `="` + escape(s.Labels[i+1], true) + `"`)
			}
			if len(s.Labels) > 0 {
				out.WriteByte('}')
			}
			out.WriteString(" " + strconv.FormatFloat(s.Value, 'g', -1, 64) + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func escape(s string, quoted bool) string {
	s = strings.ReplaceAll(s, `\`, `\\`)
	s = strings.ReplaceAll(s, "\n", `\n`)
	if quoted {
		s = strings.ReplaceAll(s, `"`, `\"`)
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// Name makes a name of words as CloudWatch spells them: AWS/ECS CPUUtilization
// is aws_ecs_cpuutilization, RequestCount is request_count.
func Name(text string) string {
	var b strings.Builder
	last := ' '
	for _, r := range text {
		switch {
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = '_'
			if last == '_' {
				continue
			}
		case unicode.IsUpper(r) && (unicode.IsLower(last) || unicode.IsDigit(last)):
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
		last = r
	}
	out := b.String()
	if out == "" || unicode.IsDigit(rune(out[0])) {
		out = "_" + out
	}
	return out
}
