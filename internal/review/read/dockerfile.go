package read

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/hatoba/hatoba/internal/review"
)

// Dockerfile parses a Dockerfile with buildkit's own parser.
func Dockerfile(file string, text []byte) (*review.Dockerfile, error) {
	result, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	stages, args, err := instructions.Parse(result.AST, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(stages) == 0 {
		return nil, fmt.Errorf("%s: it has no FROM", file)
	}
	return &review.Dockerfile{File: file, AST: result.AST, Stages: stages, Args: args, Lines: strings.Split(string(text), "\n")}, nil
}
