package waiver

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

func TestDrillSettings(t *testing.T) {
	f, err := Parse("r.json", []byte(`{"drill": {"probe": "/p", "slow": {"path": "/slow", "method": "POST", "takes": "2s"}, "marker": "/m?{marker}",
		"load": {"rate": 50, "lost": "0.5%", "p95": "100ms"}, "kill": {"back": "30s", "lost": "10%", "check": ["a", "b"]},
		"temporary": ["/cache/"], "stop": {"alarms": ["x"], "lost": "1%"}, "limit": "5m"}}`))
	want := review.DrillSettings{Probe: "/p", Slow: "/slow", Method: "POST", Takes: 2 * time.Second, Marker: "/m?{marker}", Rate: 50, Lost: 0.005, P95: 100 * time.Millisecond,
		Back: 30 * time.Second, KillLost: 0.1, DataCheck: []string{"a", "b"}, Temporary: []string{"/cache"}, Alarms: []string{"x"}, StopLost: 0.01, Limit: 5 * time.Minute}
	if err != nil || !reflect.DeepEqual(f.Drill, want) {
		t.Errorf("%+v %v", f.Drill, err)
	}
	for text, said := range map[string]string{
		`{"drill": {"probe": "p"}}`:             "a path begins with a slash",
		`{"drill": {"load": {"rate": 0}}}`:      "1 to 200",
		`{"drill": {"load": {"rate": 1000}}}`:   "1 to 200",
		`{"drill": {"load": {"lost": 5}}}`:      "a share is a string",
		`{"drill": {"load": {"lost": "NaN%"}}}`: "a share is a string",
		`{"drill": {"limit": "2h"}}`:            "at most 30m",
		`{"drill": {"limit": 5}}`:               "a time is a string",
		`{"drill": {"marker": "/m"}}`:           "{marker}",
		`{"drill": {"speed": 1}}`:               "is not known here",
	} {
		if _, err := Parse("r.json", []byte(text)); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
