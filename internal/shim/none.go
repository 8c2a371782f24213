//go:build !embedshim || !linux

package shim

var packed []byte
