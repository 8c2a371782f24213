package etcd

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// More than a page, and written to meanwhile: what was there at the call is in
// the dump, and the dump makes the same records.
func TestDumpAndLoad(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	const count = page + 200
	for i := range count {
		put(t, s, fmt.Sprint("f", i), int32(i))
	}
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				put(t, s, fmt.Sprint("late", i), 1)
			}
		}
	}()
	var out bytes.Buffer
	records, err := s.Dump(t.Context(), &out)
	close(stop)
	<-ended
	if err != nil || records < count || strings.Count(out.String(), "\n") != records {
		t.Fatalf("%d records, %v", records, err)
	}
	cfg := Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	if n, err := Load(context.Background(), cfg, &out); err != nil || n != records {
		t.Fatalf("%d records, %v", n, err)
	}
	loaded := open(t, cfg.Dir)
	defer loaded.Close()
	for i := range count {
		if got := get(t, loaded, fmt.Sprint("f", i)); got != int32(i) {
			t.Fatalf("record %d is %d", i, got)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, text := range []string{`{"path":"/v1/`, `{"path":"/other/x","value":{}}`, `{"path":"/v1/x"}`, "nonsense", `[]`} {
		cfg := Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
		if _, err := Load(context.Background(), cfg, strings.NewReader(text)); err == nil {
			t.Errorf("%s was loaded", text)
		}
	}
}
