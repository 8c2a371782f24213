package logs

import (
	"context"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// Bounds of a page, AWS's own.
const (
	maxPageEvents = 10_000
	maxPageBytes  = 1 << 20
)

// defaultBudget is how much one call of Filter looks at.
const defaultBudget = 512 << 20

// ReadRequest asks for a page of one stream.
type ReadRequest struct {
	Group, Stream string
	Start         int64     // first time, inclusive; 0 is the epoch
	End           int64     // exclusive; 0: no end
	Limit         int       // 0: 10,000
	From          *Position // nil: the earliest event, or the latest when going Backward
	Backward      bool      // the last events before From instead of the first after it
}

// Page is events in ascending order, with the positions around them: the same
// as asked for when there are none.
type Page struct {
	Events       []Event
	Before, Next Position
}

// Read returns a page of at most Limit events and 1 MiB.
func (e *Engine) Read(ctx context.Context, scope state.Scope, r ReadRequest) (Page, error) {
	v, err := e.view(scope, r.Group, []string{r.Stream}, nil)
	if err != nil {
		return Page{}, err
	}
	defer v.close()
	out := newSelection(r.Backward, limited(r.Limit), maxPageBytes)
	s := &search{view: v, window: window{start: r.Start, end: endOf(r.End)}, from: r.From, out: out}
	if err := s.run(ctx); err != nil {
		return Page{}, err
	}
	page := Page{Events: out.sorted()}
	if r.Backward {
		slices.Reverse(page.Events)
	}
	switch n := len(page.Events); {
	case n > 0:
		page.Before, page.Next = At(page.Events[0]), After(page.Events[n-1])
	case r.From != nil:
		page.Before, page.Next = *r.From, *r.From
	default:
		page.Before = Position{Time: r.Start}
		page.Next = page.Before
	}
	return page, nil
}

// FilterRequest asks for events of a group, of all streams together.
type FilterRequest struct {
	Group    string
	Streams  []string  // only these; nil: all
	Prefix   string    // only streams whose names begin so
	Start    int64     // first time, inclusive
	End      int64     // exclusive; 0: no end
	Limit    int       // 0: 10,000
	From     *Position // where an earlier page ended
	Backward bool      // the latest first
	Match    Matcher   // nil: all
	Budget   int       // bytes to look at before a page is returned as it is; 0: 512 MiB

	after uint64 // only events with a higher sequence number
}

// Found is a page of Filter. Next is nil when there is no more; a page with a
// Next may be short or empty.
type Found struct {
	Events  []Event // in the order asked for
	Next    *Position
	Scanned int // bytes of messages looked at
}

// Filter returns the next page of the matching events, at most Limit and 1
// MiB, in order of time over all streams asked for.
func (e *Engine) Filter(ctx context.Context, scope state.Scope, r FilterRequest) (Found, error) {
	return e.filterUpTo(ctx, scope, r, e.wal.visible.Load())
}

// filterUpTo is Filter for the events up to a sequence number.
func (e *Engine) filterUpTo(ctx context.Context, scope state.Scope, r FilterRequest, visible uint64) (Found, error) {
	var wanted func(string) bool
	if r.Prefix != "" {
		wanted = func(name string) bool { return strings.HasPrefix(name, r.Prefix) }
	}
	v, err := e.view(scope, r.Group, r.Streams, wanted)
	if err != nil {
		return Found{}, err
	}
	defer v.close()
	v.visible = min(v.visible, visible)
	return r.in(ctx, v)
}

func (r FilterRequest) in(ctx context.Context, v *view) (Found, error) {
	budget := r.Budget
	if budget == 0 {
		budget = defaultBudget
	}
	out := newSelection(r.Backward, limited(r.Limit), maxPageBytes)
	s := &search{
		view: v, window: window{start: r.Start, end: endOf(r.End), after: r.after},
		from: r.From, match: r.Match, out: out, budget: budget,
	}
	if err := s.run(ctx); err != nil {
		return Found{}, err
	}
	found := Found{Events: out.sorted(), Scanned: s.scanned}
	if out.bounded {
		found.Next = &out.bound
	}
	return found, nil
}

func limited(n int) int {
	if n <= 0 || n > maxPageEvents {
		return maxPageEvents
	}
	return n
}

func endOf(end int64) int64 {
	if end == 0 {
		return maxTime
	}
	return end
}
