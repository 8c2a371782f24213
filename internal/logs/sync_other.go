//go:build !linux

package logs

import "os"

func syncData(f *os.File) error { return f.Sync() }
