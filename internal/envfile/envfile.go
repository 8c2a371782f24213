// Package envfile reads the environment files of container definitions.
//
// Fargate handles them like Docker's own: a variable a line, as NAME=VALUE;
// the value is everything behind the first "=", without quotes taken off,
// escapes read or variables put in. Lines that begin with # and blank lines
// are passed over, and so are lines without "=", which Docker would take from
// an environment that a task does not have.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
package envfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hatoba/hatoba/internal/state"
)

// Bounds of a file in bytes: of all of it, and of a line.
const (
	MaxSize = 1 << 20
	maxLine = 64 << 10
)

// MaxFiles is how many files a container may have.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html
const MaxFiles = 10

// Parse returns a file's variables in order. One that stands twice is there
// twice; Merge says which counts. Errors name the line, never what is in it.
func Parse(content []byte) ([]state.Variable, error) {
	if len(content) > MaxSize {
		return nil, fmt.Errorf("the file has %d bytes, more than %d", len(content), MaxSize)
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	var out []state.Variable
	number := 0
	for raw := range bytes.SplitSeq(content, []byte("\n")) {
		number++
		line := strings.TrimLeft(strings.TrimSuffix(string(raw), "\r"), " \t\v\f")
		switch {
		case !utf8.Valid(raw):
			return nil, fmt.Errorf("line %d is not UTF-8", number)
		case len(raw) > maxLine:
			return nil, fmt.Errorf("line %d has more than %d bytes", number, maxLine)
		case strings.IndexByte(line, 0) >= 0:
			return nil, fmt.Errorf("line %d holds a NUL", number)
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || name == "" {
			continue
		}
		if strings.ContainsAny(name, " \t\v\f\r") {
			return nil, fmt.Errorf("line %d: the variable's name contains white space", number)
		}
		out = append(out, state.Variable{Name: name, Value: value})
	}
	return out, nil
}

// Merge decides which variables of a container's files count: what the
// definition gives itself wins over any file, a file over those after it, and
// inside a file the last line.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
func Merge(defined func(name string) bool, files ...[]state.Variable) map[string]string {
	out := map[string]string{}
	for _, file := range files {
		of := map[string]string{}
		for _, v := range file {
			of[v.Name] = v.Value
		}
		for name, value := range of {
			if _, earlier := out[name]; !earlier && !defined(name) {
				out[name] = value
			}
		}
	}
	return out
}
