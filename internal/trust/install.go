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

// Wanted is what is to be installed.
type Wanted struct {
	ID            string
	Address       string // of loopback
	Names         []string
	Authority     []byte // PEM
	NoSystemStore bool   // leave the system's authorities alone
}

// Step is one change, for people.
type Step struct{ What, Where string }

// Names are the host names of the accounts' registries in the regions.
func Names(accounts, regions []string) (out []string) {
	for _, a := range accounts {
		for _, r := range regions {
			suffix := ".amazonaws.com"
			if strings.HasPrefix(r, "cn-") {
				suffix = ".amazonaws.com.cn"
			}
			out = append(out, a+".dkr.ecr."+r+suffix)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Install makes the names mean us, in place of what an earlier Install did. It
// changes nothing when something is in its way, and with dry only tells. Doing
// it again changes nothing.
func Install(ctx context.Context, s System, dataDir string, want Wanted, dry bool) ([]Step, error) {
	had, installed, err := Load(dataDir)
	if err != nil {
		return nil, err
	}
	plan, err := s.plan(had, want)
	if err != nil || dry || len(plan.steps) == 0 {
		return plan.steps, err
	}
	if installed {
		if _, err := Remove(ctx, s, dataDir, false); err != nil {
			return nil, fmt.Errorf("take away what was installed before: %w", err)
		}
		fresh, err := s.plan(Record{}, want)
		if err != nil {
			return nil, err
		}
		plan.record, plan.hosts = fresh.record, fresh.hosts
	}
	if err := s.apply(ctx, dataDir, plan); err != nil {
		_, undo := Remove(ctx, s, dataDir, false)
		return nil, errors.Join(err, undo)
	}
	return plan.steps, nil
}

// plan is what is to be done, decided from what is there.
type plan struct {
	record Record
	hosts  []byte // the file's new content, nil: as it is
	ca     []byte
	steps  []Step
}

func (s System) plan(had Record, want Wanted) (plan, error) {
	p := plan{ca: want.Authority, record: Record{
		ID: want.ID, Address: want.Address, Names: want.Names, HostsFile: s.path("/etc/hosts"), Block: block(want.ID, want.Address, want.Names),
	}}
	if err := p.planHosts(had); err != nil {
		return plan{}, err
	}
	files := []string{}
	if !want.NoSystemStore {
		st, err := s.store()
		if err != nil {
			return plan{}, err
		}
		files = append(files, filepath.Join(s.path(st.dir), "hatoba-"+want.ID+st.ext))
		p.record.Refresh, p.record.Forget = st.refresh, st.forget
	}
	for _, n := range want.Names {
		files = append(files, filepath.Join(s.path("/etc/docker/certs.d"), n, "ca.crt"))
	}
	fresh := false
	for i, path := range files {
		changed, err := p.planFile(had, path)
		if err != nil {
			return plan{}, err
		}
		fresh = fresh || changed && i == 0
	}
	if fresh && p.record.Refresh != nil {
		p.steps = append(p.steps, Step{"run", strings.Join(p.record.Refresh, " ")})
	}
	p.record.Dirs = missingDirs(had, files)
	return p, nil
}

func (p *plan) planHosts(had Record) error {
	file, err := os.ReadFile(p.record.HostsFile)
	if err != nil {
		return err
	}
	without, err := removed(file, had)
	if err != nil {
		return err
	}
	if bytes.Contains(without, marker(p.record.ID)) {
		return fmt.Errorf("%s has a block of this Hatoba that nothing is known of: take it away by hand, from the line \"%sbegin\" to \"%send\"", p.record.HostsFile, marker(p.record.ID), marker(p.record.ID))
	}
	if line, ok := taken(without, p.record.Names); ok {
		return fmt.Errorf("%s already says %q: another Hatoba's, or somebody's own; take it away first", p.record.HostsFile, line)
	}
	out, newLine := added(without, p.record.Block)
	p.record.NewLine = newLine
	if bytes.Equal(out, file) || had.Block == p.record.Block && !bytes.Equal(without, file) {
		p.record.NewLine = had.NewLine // it is there, and others may have added lines after it
		return nil
	}
	p.hosts = out
	p.steps = append(p.steps, Step{"add " + p.record.Address + " for " + strings.Join(p.record.Names, ", "), p.record.HostsFile})
	return nil
}

// planFile adds a copy of the authority; changed says that it is not there yet.
func (p *plan) planFile(had Record, path string) (changed bool, err error) {
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, err
	case !slices.Contains(had.Files, File{path, sum(content)}) && !bytes.Equal(content, p.ca):
		return false, fmt.Errorf("%s is there and not ours: move it away first", path)
	case !slices.ContainsFunc(had.Files, func(f File) bool { return f.Path == path }):
		return false, fmt.Errorf("%s is there, and nothing is known of it: remove it first", path)
	}
	p.record.Files = append(p.record.Files, File{path, sum(p.ca)})
	if err == nil && bytes.Equal(content, p.ca) {
		return false, nil
	}
	p.steps = append(p.steps, Step{"write the certificate of Hatoba's authority", path})
	return true, nil
}

// missingDirs are the folders to be made for files, and those we made before,
// outer first.
func missingDirs(had Record, files []string) (out []string) {
	for _, f := range files {
		var missing []string
		for dir := filepath.Dir(f); ; dir = filepath.Dir(dir) {
			_, err := os.Stat(dir)
			if !slices.Contains(had.Dirs, dir) && !errors.Is(err, fs.ErrNotExist) {
				break
			}
			missing = append(missing, dir)
		}
		slices.Reverse(missing)
		for _, dir := range missing {
			if !slices.Contains(out, dir) {
				out = append(out, dir)
			}
		}
	}
	return out
}

// apply does it. The record is durable before the first change, and Remove
// takes any part of it away.
func (s System) apply(ctx context.Context, dataDir string, p plan) error {
	if err := p.record.save(dataDir); err != nil {
		return err
	}
	for _, dir := range p.record.Dirs {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	for _, f := range p.record.Files {
		if err := writeWhole(f.Path, p.ca, 0o644); err != nil {
			return err
		}
	}
	if p.record.Refresh != nil {
		if err := s.Run(ctx, p.record.Refresh); err != nil {
			return err
		}
	}
	if p.hosts == nil {
		return nil
	}
	return rewrite(p.record.HostsFile, p.hosts)
}
