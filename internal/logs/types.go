package logs

import (
	"cmp"
	"errors"
	"fmt"
)

// Errors that callers may rely on.
var (
	ErrNoGroup   = errors.New("the log group does not exist")
	ErrNoStream  = errors.New("the log stream does not exist")
	ErrExists    = errors.New("it exists already")
	ErrProtected = errors.New("the log group is protected from deletion")
	ErrTooLarge  = errors.New("the batch is too large")
	ErrClosed    = errors.New("the log store is closed")
)

// Group is what a user knows of a log group. Times are milliseconds since the
// epoch.
type Group struct {
	Name               string
	Created            int64
	Class              string // "STANDARD", "INFREQUENT_ACCESS" or "DELIVERY"
	RetentionDays      int32  // 0: events never expire
	KMSKeyID           string
	DeletionProtection bool
	Tags               map[string]string
	StoredBytes        int64 `json:"-"` // messages kept, before compression
}

// Stream is what a user knows of a log stream. Times are milliseconds since
// the epoch; the last three are meaningless without Events.
type Stream struct {
	Name          string
	Created       int64
	Events        int64 // ever appended
	FirstEvent    int64 // smallest time of an event
	LastEvent     int64 // greatest time of an event
	LastIngestion int64
}

// InputEvent is an event to be stored.
type InputEvent struct {
	Time    int64 // milliseconds since the epoch
	Message string
	Offset  int64 // position in its producer's stream, for repeat detection; 0: the batch's
}

// Event is a stored event.
type Event struct {
	Stream    string
	Time      int64 // milliseconds since the epoch
	Ingestion int64 // milliseconds since the epoch
	Seq       uint64
	Message   string
}

// ID names the event among all of the store, in digits as AWS's ids are. IDs
// sort as events do.
func (e Event) ID() string { return fmt.Sprintf("%019d%037d", max(e.Time, 0), e.Seq) }

// Position is a gap between events: just before the first event whose time and
// sequence number are not smaller.
type Position struct {
	Time int64
	Seq  uint64
}

// At is the position just before e.
func At(e Event) Position { return Position{e.Time, e.Seq} }

// After is the position just after e.
func After(e Event) Position { return Position{e.Time, e.Seq + 1} }

// Compare returns -1, 0 or 1 as p stands before, at or after q.
func (p Position) Compare(q Position) int {
	if c := cmp.Compare(p.Time, q.Time); c != 0 {
		return c
	}
	return cmp.Compare(p.Seq, q.Seq)
}
