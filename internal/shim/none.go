//go:build !embedshim || !linux

package shim

var binary []byte
