// Package efs maps EFS file systems and access points to folders of this
// machine.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html
package efs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// Folders is where file systems and access points are, by id.
type Folders map[string]string

var id = regexp.MustCompile(`^(fs|fsap)-[a-zA-Z0-9]+$`)

// Parse reads settings such as fs-0123=/srv/data and fsap-0456=/srv/data/app.
func Parse(settings []string) (Folders, error) {
	out := Folders{}
	for _, text := range settings {
		name, path, ok := strings.Cut(text, "=")
		switch {
		case !ok || !id.MatchString(name):
			return nil, fmt.Errorf("%q must be the id of a file system or an access point and a folder, such as fs-0123=/srv/data", text)
		case !filepath.IsAbs(path):
			return nil, fmt.Errorf("the folder of %s must be an absolute path; it is %q", name, path)
		case out[name] != "":
			return nil, fmt.Errorf("%s has more than one folder", name)
		}
		out[name] = filepath.Clean(path)
	}
	return out, nil
}

// Check tells whether a volume has a folder, and if not what to do.
func (f Folders) Check(v state.EFSVolume) error {
	_, err := f.base(v)
	return err
}

func (f Folders) base(v state.EFSVolume) (string, error) {
	name := v.FileSystem
	if v.AccessPoint != "" {
		name = v.AccessPoint
	}
	if f[name] == "" {
		return "", fmt.Errorf("%s has no folder on this machine: start Hatoba with --efs %s=/a/folder", name, name)
	}
	return f[name], nil
}

// Open returns the real path of the folder that a volume shows, without links.
// A root directory that leads out of its file system, also by a link inside,
// is not found, as it would not be on EFS; neither is one that is not there.
func (f Folders) Open(v state.EFSVolume) (string, error) {
	base, err := f.base(v)
	if err != nil {
		return "", err
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return "", failed(v, err)
	}
	defer root.Close()
	inside := strings.TrimPrefix(filepath.Clean("/"+v.RootDirectory), "/")
	if inside == "" {
		inside = "."
	}
	sub, err := root.Open(inside)
	if err != nil {
		return "", failed(v, err)
	}
	defer sub.Close()
	info, err := sub.Stat()
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", v.RootDirectory)
	}
	if err != nil {
		return "", failed(v, err)
	}
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", sub.Fd()))
}

// failed words an error as Fargate does.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
func failed(v state.EFSVolume, err error) error {
	return fmt.Errorf("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: mounting %s:%s failed: %w", v.FileSystem, filepath.Clean("/"+v.RootDirectory), err)
}
