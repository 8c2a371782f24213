package etcd

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// body makes a record of about 256 bytes, the raw put's size.
var body = strings.Repeat("x", 200)

func ours(s *Store, id string, n int) error {
	return s.Update(context.Background(), func(w store.Writer) error {
		return store.TaskFamilies.Put(w, here.Key(id), state.TaskFamily{Family: body, LastRevision: int32(n)})
	})
}

func raw(s *Store, id string, n int) error {
	_, err := s.client.Put(context.Background(), "/raw/"+id, body+fmt.Sprintf("%056d", n))
	return err
}

// BenchmarkPut compares one writer's put with a raw etcd put, in turns.
func BenchmarkPut(b *testing.B) {
	s := open(b, b.TempDir())
	defer s.Close()
	var took [2]time.Duration
	n := 0
	for b.Loop() {
		for i, put := range []func(*Store, string, int) error{raw, ours} {
			start := time.Now()
			if err := put(s, "x", n); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(start)
		}
		n++
	}
	b.ReportMetric(float64(took[1])/float64(took[0]), "x-raw-latency")
}

// BenchmarkPut64 compares the rate of 64 writers with that of 64 raw ones.
func BenchmarkPut64(b *testing.B) {
	s := open(b, b.TempDir())
	defer s.Close()
	var took [2]time.Duration
	puts := 0
	for b.Loop() {
		for i, put := range []func(*Store, string, int) error{raw, ours} {
			took[i] += together(b, s, put)
		}
		puts += writers * each
	}
	b.ReportMetric(float64(puts)/took[0].Seconds(), "raw-puts/s")
	b.ReportMetric(float64(puts)/took[1].Seconds(), "puts/s")
	b.ReportMetric(float64(took[0])/float64(took[1]), "x-raw-rate")
}

const writers, each = 64, 50

func together(b *testing.B, s *Store, put func(*Store, string, int) error) time.Duration {
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	start := time.Now()
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				if err := put(s, fmt.Sprint(w), n); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	return time.Since(start)
}

// BenchmarkOpen is a warm start, with 1000 records to read.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir)
	for i := range 1000 {
		put(b, s, fmt.Sprint(i), 1)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s := open(b, dir)
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
