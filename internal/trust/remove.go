package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Remove takes away what Install did, and nothing else. When something is not
// as Install left it, it changes nothing and says what. With dry it only tells.
func Remove(ctx context.Context, s System, dataDir string, dry bool) ([]Step, error) {
	r, installed, err := Load(dataDir)
	if err != nil || !installed {
		return nil, err
	}
	hosts, err := os.ReadFile(r.HostsFile)
	if err != nil {
		return nil, err
	}
	without, err := removed(hosts, r)
	if err != nil {
		return nil, err
	}
	var steps []Step
	if !bytes.Equal(hosts, without) {
		steps = append(steps, Step{"take the block of Hatoba away", r.HostsFile})
	}
	var files []string
	for _, f := range slices.Backward(r.Files) {
		content, err := os.ReadFile(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if sum(content) != f.SHA256 {
			return nil, fmt.Errorf("%s %w: put it back, or remove it", f.Path, errChanged)
		}
		files = append(files, f.Path)
		steps = append(steps, Step{"remove", f.Path})
	}
	if len(files) > 0 && r.Forget != nil {
		steps = append(steps, Step{"run", strings.Join(r.Forget, " ")})
	}
	if dry {
		return steps, nil
	}
	return steps, s.undo(ctx, dataDir, r, hosts, without, files)
}

// undo is safe to be broken off anywhere and done again: the record goes last.
func (s System) undo(ctx context.Context, dataDir string, r Record, hosts, without []byte, files []string) error {
	if !bytes.Equal(hosts, without) {
		if err := rewrite(r.HostsFile, without); err != nil {
			return err
		}
	}
	for _, path := range files {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, dir := range slices.Backward(r.Dirs) {
		_ = os.Remove(dir) // stays when somebody has put something there
	}
	if r.Forget != nil {
		if err := s.Run(ctx, r.Forget); err != nil {
			return err
		}
	}
	return os.Remove(filepath.Join(dataDir, RecordFile))
}
