package main

import (
	"testing"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store/mem"
)

// BenchmarkPlacement is one task of a transaction of ten, on 5,000 instances,
// without a disk.
func BenchmarkPlacement(b *testing.B) {
	f := &fleet{db: mem.New(), scope: state.Scope{Account: "123456789012", Region: "us-east-1"}}
	if err := f.build(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ids, err := f.launch(b.Context(), 1)
		if err != nil {
			b.Fatal(err)
		}
		_ = ids
	}
}
