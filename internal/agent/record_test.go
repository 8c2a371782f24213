package agent

import (
	"testing"
	"time"
)

func TestStopTimeoutRunsOnAcrossRestarts(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	rec := &containerRecord{}
	if got := rec.asked(at); !got.Equal(at) {
		t.Errorf("asked first at %s", got)
	}
	if got := rec.asked(at.Add(20 * time.Second)); !got.Equal(at) {
		t.Errorf("asked again after a restart it has new patience, from %s", got)
	}
	back := at.Add(-time.Hour)
	if got := rec.asked(back); !got.Equal(back) {
		t.Errorf("with the clock set back an hour its patience begins at %s", got)
	}
}
