package logs

import (
	"fmt"
	"strings"
	"testing"
)

func TestScanGivesWhatIsAskedFor(t *testing.T) {
	e := start(t, Config{})
	open(t, e, "g", "a", "b")
	for i := range 20 {
		write(t, e, "g", []string{"a", "b"}[i%2], at(int64(i), fmt.Sprintf("%02d %s", i, []string{"x", "needle", "y"}[i%3])))
		if i == 11 {
			flush(t, e)
		}
	}
	scan := func(r ScanRequest) string {
		t.Helper()
		r.Group = "g"
		got := map[string]bool{}
		_, err := e.Scan(t.Context(), scope, r, func(s *Scanned) error {
			got[s.Stream+string(s.Message[:2])] = strings.Contains(string(s.Message), "needle")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		hits := 0
		for _, hit := range got {
			if hit {
				hits++
			}
		}
		return fmt.Sprintf("%d events, %d with needle", len(got), hits)
	}
	for _, test := range []struct {
		r    ScanRequest
		want string
	}{
		{ScanRequest{}, "20 events, 7 with needle"},
		{ScanRequest{Streams: []string{"a"}}, "10 events, 3 with needle"},
		{ScanRequest{Needles: []string{"needle"}}, "7 events, 7 with needle"},
		{ScanRequest{Needles: []string{"absent"}}, "0 events, 0 with needle"},
		{ScanRequest{Start: at(5, "").Time, End: at(15, "").Time}, "10 events, 3 with needle"},
	} {
		if got := scan(test.r); got != test.want {
			t.Errorf("%+v: %s, want %s", test.r, got, test.want)
		}
	}
}
