package drills

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hatoba/hatoba/internal/review"
)

// resultsSchema is the shape of a file of results.
const resultsSchema = "hatoba-drills/1"

type results struct {
	Schema string `json:"schema"`
	review.Drills
}

// ResultsFile is where the results of a service's drills are kept when no file
// is named: a file of its own, by its ARN and where it is.
func ResultsFile(service, endpoint string) (string, error) {
	dir, err := StateDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(endpoint + " " + service))
	return filepath.Join(dir, "results", last(service)+"-"+hex.EncodeToString(sum[:6])+".json"), nil
}

// ReadResults reads a file of results; one that is not there has none.
func ReadResults(file string) (*review.Drills, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return &review.Drills{}, nil
	}
	if err != nil {
		return nil, err
	}
	var r results
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if r.Schema != resultsSchema {
		return nil, fmt.Errorf("%s: its schema is %q, and %s is read", file, r.Schema, resultsSchema)
	}
	return &r.Drills, nil
}

// WriteResults writes a file of results, whole or not at all.
func WriteResults(file string, d *review.Drills) error {
	text, err := json.MarshalIndent(results{Schema: resultsSchema, Drills: *d}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	temporary := file + ".new"
	if err := os.WriteFile(temporary, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}
