package logs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// lines makes request logs as services write them, of about n bytes.
func lines(n int) []string {
	rng := rand.New(rand.NewPCG(1, 2))
	var out []string
	for size := 0; size < n; {
		level, extra := "INFO", ""
		if rng.IntN(1000) == 0 {
			level, extra = "ERROR", `,"error":"connection refused by upstream-7"`
		}
		s := fmt.Sprintf(`{"time":"2026-11-21T12:%02d:%02d.%03dZ","level":"%s","method":"GET","path":"/api/v1/users/%d/orders/%d","status":%d,"duration_ms":%d.%03d,"request_id":"%016x","remote":"10.%d.%d.%d","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"%s}`,
			rng.IntN(60), rng.IntN(60), rng.IntN(1000), level, rng.IntN(10000), rng.IntN(100000), 200+rng.IntN(5), rng.IntN(100), rng.IntN(1000),
			rng.Uint64(), rng.IntN(256), rng.IntN(256), rng.IntN(256), extra)
		out = append(out, s)
		size += len(s)
	}
	return out
}

// blocks joins lines into blocks as segments have them.
func blocks(lines []string) (out [][]byte) {
	var b []byte
	for _, l := range lines {
		if b = append(b, l...); len(b) >= blockBytes {
			out, b = append(out, b), nil
		}
	}
	return append(out, b)
}

const benchBytes = 48 << 20

// benchStreams is how many append at once.
const benchStreams = 5

// fillBench appends lines in batches of 500, to several streams at once.
func fillBench(b *testing.B, e *Engine, lines []string) {
	b.Helper()
	var group errgroup.Group
	for k := range benchStreams {
		group.Go(func() error {
			for i := k * 500; i < len(lines); i += benchStreams * 500 {
				batch := Batch{}
				for j, l := range lines[i:min(i+500, len(lines))] {
					batch.Events = append(batch.Events, at(int64(i+j), l))
				}
				if _, err := e.Append(b.Context(), scope, "g", fmt.Sprint("s", k), batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	if err := e.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkIngest tells how fast events are taken, through the log and into
// segments, as a part of what zstd's fastest encoder does alone in the same
// run, and the size on disk as a part of that encoder's.
func BenchmarkIngest(b *testing.B) {
	text := lines(benchBytes)
	raw := blocks(text)
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	var ours, theirs time.Duration
	var size int64
	encoded := 0
	for b.Loop() {
		begin := time.Now()
		encoded = 0
		var buf []byte
		for _, block := range raw {
			buf = encoder.EncodeAll(block, buf[:0])
			encoded += len(buf)
		}
		theirs += time.Since(begin)
		e := start(b, Config{FlushBytes: 24 << 20})
		open(b, e, "g", "s0", "s1", "s2", "s3", "s4")
		begin = time.Now()
		done := make(chan error, 1)
		go func() { done <- e.Run(b.Context()) }()
		fillBench(b, e, text)
		ours += time.Since(begin)
		_, size = segmentFiles(b, e)
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		<-done
	}
	b.ReportMetric(float64(benchBytes)*float64(b.N)/ours.Seconds()/1e6, "MB/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "×zstd-encode")
	b.ReportMetric(float64(size)/float64(encoded), "×zstd-size")
}

// BenchmarkScan tells how fast a word is looked for, as a part of what
// decompression and one search over each block do alone in the same run.
func BenchmarkScan(b *testing.B) {
	text := lines(benchBytes)
	e := start(b, Config{FlushBytes: 1 << 30, CacheBytes: 1})
	open(b, e, "g", "s0", "s1", "s2", "s3", "s4")
	fillBench(b, e, text)
	var packed [][]byte
	for _, block := range blocks(text) {
		packed = append(packed, zstdEncoder().EncodeAll(block, nil))
	}
	word := "upstream-7"
	var ours, filtered, theirs time.Duration
	for b.Loop() {
		begin := time.Now()
		var buf []byte
		hits := 0
		for _, p := range packed {
			buf, _ = zstdDecoder().DecodeAll(p, buf[:0])
			for at := 0; ; hits++ {
				i := bytes.Index(buf[at:], []byte(word))
				if i < 0 {
					break
				}
				at += i + 1
			}
		}
		theirs += time.Since(begin)
		begin = time.Now()
		found := 0
		if _, err := e.Scan(b.Context(), scope, ScanRequest{Group: "g", Needles: []string{word}}, func(*Scanned) error { found++; return nil }); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(begin)
		begin = time.Now()
		page, err := e.Filter(b.Context(), scope, FilterRequest{Group: "g", Match: needle(word)})
		if err != nil {
			b.Fatal(err)
		}
		filtered += time.Since(begin)
		if found != hits || len(page.Events) != hits {
			b.Fatalf("found %d and %d, there are %d", found, len(page.Events), hits)
		}
	}
	b.ReportMetric(float64(benchBytes)*float64(b.N)/ours.Seconds()/1e9, "GB/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "×decode+index")
	b.ReportMetric(theirs.Seconds()/filtered.Seconds(), "filter×decode+index")
}

// BenchmarkOpen tells how long a store of 1,000 groups and streams takes to
// open after a clean end.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	e := start(b, Config{Dir: dir})
	for i := range 1000 {
		group := fmt.Sprint("/app/", i)
		open(b, e, group, "s")
		write(b, e, group, "s", at(0, "hello"))
	}
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		e, err := Open(b.Context(), Config{Dir: dir, Now: (&clock{noon}).now})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkOpenAfterKill tells how long a store takes to open that has a full
// memory's worth of log to replay.
func BenchmarkOpenAfterKill(b *testing.B) {
	dir := b.TempDir()
	e := start(b, Config{Dir: dir, FlushBytes: 1 << 30})
	open(b, e, "g", "s")
	for text := lines(30 << 20); len(text) > 0; text = text[min(500, len(text)):] {
		var batch Batch
		for _, l := range text[:min(500, len(text))] {
			batch.Events = append(batch.Events, at(0, l))
		}
		if _, err := e.Append(b.Context(), scope, "g", "s", batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := e.wal.close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		e, err := Open(b.Context(), Config{Dir: dir, Now: (&clock{noon}).now, FlushBytes: 1 << 30})
		if err != nil {
			b.Fatal(err)
		}
		if err := e.wal.close(); err != nil {
			b.Fatal(err)
		}
	}
}
