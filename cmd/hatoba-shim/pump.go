package main

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// lastWords is how long pipes are read after the process has ended. They end
// with it, unless somebody outside the container was given one.
const lastWords = 5 * time.Second

// pump moves a container's output from two pipes into its spool.
type pump struct {
	writer *spool.Writer
	paths  [2]string
	files  [2]*os.File
	copies sync.WaitGroup
}

func openPump(out exit.Output) (*pump, error) {
	w, err := spool.Create(out.SpoolDir, out.Options)
	if err != nil {
		return nil, err
	}
	p := &pump{writer: w}
	for i, name := range []string{"stdout", "stderr"} {
		p.paths[i] = filepath.Join(out.SpoolDir, name)
		_ = os.Remove(p.paths[i])
		if err := syscall.Mkfifo(p.paths[i], 0o600); err != nil {
			return nil, err
		}
		// Opened without blocking: the writing end comes later.
		if p.files[i], err = os.OpenFile(p.paths[i], os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// start copies until the streams end.
func (p *pump) start() {
	for range p.files {
		p.writer.Add()
	}
	for i, f := range p.files {
		p.copies.Go(func() {
			defer f.Close()
			_ = p.writer.Copy(spool.Stream(i+1), f)
			_ = os.Remove(p.paths[i])
		})
	}
}

// finish waits until all that the ended process wrote is in the spool, and its
// end marked.
func (p *pump) finish() {
	p.writer.Lift()
	timer := time.AfterFunc(lastWords, func() {
		for _, f := range p.files {
			f.Close()
		}
	})
	defer timer.Stop()
	p.copies.Wait()
}
