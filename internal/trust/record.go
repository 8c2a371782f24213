// Package trust makes the names of Amazon ECR registries mean this machine's
// Hatoba, for docker and everyone else here, and takes that back without a
// trace. What it did is in a record below the data dir, written before it does
// anything; what is not as the record says is left alone.
package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// RecordFile is the record's name in the data dir.
const RecordFile = "trust.json"

// Port is the one clients of a registry without a port use.
const Port = "443"

// Record is what was installed.
type Record struct {
	Version int      `json:"version"`
	ID      string   `json:"id"`      // the instance's
	Address string   `json:"address"` // of loopback, where Hatoba answers on Port
	Names   []string `json:"names"`   // host names that mean it

	HostsFile string `json:"hostsFile"`
	Block     string `json:"block"`             // what was added to it, whole
	NewLine   bool   `json:"newLine,omitempty"` // the file did not end with one, and got one before Block

	Files   []File   `json:"files"`             // that were made, in order
	Dirs    []string `json:"dirs,omitempty"`    // that were made for them, outer first
	Refresh []string `json:"refresh,omitempty"` // the command that makes the system read its authorities again
	Forget  []string `json:"forget,omitempty"`  // the one after they were removed
}

// File is a file of ours.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

const version = 1

// Load reads the record of a data dir; ok is false when nothing is installed.
func Load(dataDir string) (r Record, ok bool, err error) {
	text, err := os.ReadFile(filepath.Join(dataDir, RecordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, false, fmt.Errorf("%s is damaged: %w", filepath.Join(dataDir, RecordFile), err)
	}
	if r.Version > version {
		return r, false, fmt.Errorf("%s was written by a newer Hatoba", filepath.Join(dataDir, RecordFile))
	}
	return r, true, nil
}

func (r Record) save(dataDir string) error {
	r.Version = version
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(dataDir, RecordFile), append(text, '\n'), 0o600)
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path+".hatoba-new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
