package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// needle is a Matcher for a word.
type needle string

func (n needle) Match(m []byte) bool { return strings.Contains(string(m), string(n)) }
func (n needle) Needles() []string   { return []string{string(n)} }

// model is the store as a sorted list.
type model struct {
	e      *Engine
	events []Event
	n      int
}

func (m *model) append(rt *rapid.T) {
	stream := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "stream")
	count := rapid.IntRange(1, 30).Draw(rt, "count")
	var batch Batch
	for range count {
		m.n++
		message := fmt.Sprintf("%d %s %s", m.n, rapid.SampledFrom([]string{"ERROR", "INFO", ""}).Draw(rt, "word"),
			strings.Repeat("y", rapid.SampledFrom([]int{0, 10, 40000}).Draw(rt, "size")))
		batch.Events = append(batch.Events, at(int64(rapid.IntRange(0, 50).Draw(rt, "time")), message))
	}
	if _, err := m.e.Append(context.Background(), scope, "g", stream, batch); err != nil {
		rt.Fatal(err)
	}
	for _, e := range batch.Events {
		m.events = append(m.events, Event{Stream: stream, Time: e.Time, Message: e.Message})
	}
	// Equal times stay in order of arrival.
	slices.SortStableFunc(m.events, func(a, b Event) int { return cmp.Compare(a.Time, b.Time) })
}

// where returns the model's answer to a question.
func (m *model) where(want func(Event) bool) (out []string) {
	for _, e := range m.events {
		if want(e) {
			out = append(out, e.Stream+" "+e.Message[:min(20, len(e.Message))])
		}
	}
	return out
}

func brief(events []Event) (out []string) {
	for _, e := range events {
		out = append(out, e.Stream+" "+e.Message[:min(20, len(e.Message))])
	}
	return out
}

func (m *model) read(rt *rapid.T) {
	stream := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "stream")
	start := at(int64(rapid.IntRange(0, 50).Draw(rt, "start")), "").Time
	end := at(int64(rapid.IntRange(0, 60).Draw(rt, "end")), "").Time
	want := m.where(func(e Event) bool { return e.Stream == stream && e.Time >= start && e.Time < end })
	r := ReadRequest{Group: "g", Stream: stream, Start: start, End: end, Limit: rapid.IntRange(1, 40).Draw(rt, "limit")}
	r.Backward = rapid.Bool().Draw(rt, "backward")
	var got []string
	for {
		page, err := m.e.Read(context.Background(), scope, r)
		if err != nil {
			rt.Fatal(err)
		}
		if len(page.Events) == 0 {
			break
		}
		if r.Backward {
			got, r.From = append(brief(page.Events), got...), &page.Before
		} else {
			got, r.From = append(got, brief(page.Events)...), &page.Next
		}
	}
	if d := gocmp.Diff(want, got); d != "" {
		rt.Fatalf("read %+v: %s", r, d)
	}
}

func (m *model) filter(rt *rapid.T) {
	r := FilterRequest{
		Group: "g", Start: at(int64(rapid.IntRange(0, 50).Draw(rt, "start")), "").Time,
		Limit:    rapid.IntRange(1, 100).Draw(rt, "limit"),
		Backward: rapid.Bool().Draw(rt, "backward"),
		Budget:   rapid.SampledFrom([]int{0, 1, 100_000}).Draw(rt, "budget"),
	}
	word := rapid.SampledFrom([]string{"", "ERROR", "1"}).Draw(rt, "match")
	if word != "" {
		r.Match = needle(word)
	}
	if rapid.Bool().Draw(rt, "streams") {
		r.Streams = []string{"a", "c"}
	}
	want := m.where(func(e Event) bool {
		return e.Time >= r.Start && strings.Contains(e.Message, word) && (r.Streams == nil || e.Stream != "b")
	})
	if r.Backward {
		slices.Reverse(want)
	}
	var got []string
	for {
		found, err := m.e.Filter(context.Background(), scope, r)
		if err != nil {
			rt.Fatal(err)
		}
		got = append(got, brief(found.Events)...)
		if found.Next == nil {
			break
		}
		if r.From != nil && *r.From == *found.Next {
			rt.Fatalf("no progress at %v", *r.From)
		}
		r.From = found.Next
	}
	if d := gocmp.Diff(want, got); d != "" {
		rt.Fatalf("filter %+v: %s", r, d)
	}
}

func TestStoreAnswersAsASortedListDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{e: start(t, Config{Dir: t.TempDir()})}
		open(t, m.e, "g", "a", "b", "c")
		rt.Repeat(map[string]func(*rapid.T){
			"append": m.append,
			"read":   m.read,
			"filter": m.filter,
			"flush":  func(*rapid.T) { flush(t, m.e) },
			"tidy":   func(*rapid.T) { tidy(t, m.e) },
			"restart": func(rt *rapid.T) {
				dir := m.e.cfg.Dir
				if rapid.Bool().Draw(rt, "clean") {
					if err := m.e.Close(); err != nil {
						rt.Fatal(err)
					}
				} else if err := m.e.wal.close(); err != nil {
					rt.Fatal(err)
				}
				m.e = start(t, Config{Dir: dir})
			},
		})
		if err := m.e.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}
