package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"

	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// input is what the shim holds open for a container with a terminal or an open
// standard input, for as long as it lives: Hatoba may go meanwhile.
type input struct {
	files []*os.File
}

// openInput gives the request the pipes that the definition asks for. They are
// in the bundle and go with it.
func openInput(r *taskapi.CreateTaskRequest, out exit.Output) (*input, error) {
	r.Terminal = out.Terminal
	in := &input{}
	if out.Terminal {
		r.Stderr = "" // a terminal has one stream
		if r.Stdout == "" {
			f, path, err := in.open(r.Bundle, "terminal")
			if err != nil {
				return nil, err
			}
			r.Stdout = path
			go func() { _, _ = io.Copy(io.Discard, f) }() // ends when it is closed
		}
	}
	if out.Stdin {
		_, path, err := in.open(r.Bundle, "stdin")
		if err != nil {
			in.close()
			return nil, err
		}
		r.Stdin = path
	}
	return in, nil
}

// open makes a pipe and holds both its ends, so that whoever reads it waits.
func (in *input) open(bundle, name string) (*os.File, string, error) {
	path := filepath.Join(bundle, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil && !errors.Is(err, syscall.EEXIST) {
		return nil, "", err
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, "", err
	}
	in.files = append(in.files, f)
	return f, path, nil
}

func (in *input) close() {
	if in == nil {
		return
	}
	for _, f := range in.files {
		f.Close()
	}
}
