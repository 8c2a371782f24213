package waiver

import (
	"strconv"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
)

// Bounds of a drill's settings: a load that is more than a look hurts, and so
// does a request that is slower than any stop.
const (
	mostRate  = 200
	mostTakes = 60 * time.Second
	mostLimit = 30 * time.Minute
)

// drill reads the section that says how drills ask the service.
func drill(s *doc.Strict, n *doc.Node) (d review.DrillSettings) {
	s.Object(n, map[string]doc.Field{
		"probe": path(s, &d.Probe),
		"slow": {Read: func(n *doc.Node) {
			s.Object(n, map[string]doc.Field{"path": path(s, &d.Slow), "method": s.Into(&d.Method, false), "takes": span(s, &d.Takes, mostTakes)})
		}},
		"marker": {Read: func(n *doc.Node) {
			if path(s, &d.Marker).Read(n); !strings.Contains(d.Marker, "{marker}") {
				s.Fail(n, "where does {marker} stand in it?")
			}
		}},
		"load": {Read: func(n *doc.Node) {
			s.Object(n, map[string]doc.Field{"rate": {Read: func(n *doc.Node) {
				rate, ok := n.Value().(int64)
				if d.Rate = int(rate); !ok || rate < 1 || rate > mostRate {
					s.Fail(n, "rate is requests a second, 1 to %d", mostRate)
				}
			}}, "lost": share(s, &d.Lost), "p95": span(s, &d.P95, mostLimit)})
		}},
		"kill": {Read: func(n *doc.Node) {
			s.Object(n, map[string]doc.Field{"back": span(s, &d.Back, mostLimit), "lost": share(s, &d.KillLost),
				"check": {Read: func(n *doc.Node) { s.List(n, func(n *doc.Node) { d.DataCheck = append(d.DataCheck, s.String(n)) }) }}})
		}},
		"temporary": {Read: func(n *doc.Node) {
			s.List(n, func(n *doc.Node) {
				var folder string
				path(s, &folder).Read(n)
				d.Temporary = append(d.Temporary, strings.TrimRight(folder, "/"))
			})
		}},
		"stop": {Read: func(n *doc.Node) {
			s.Object(n, map[string]doc.Field{"lost": share(s, &d.StopLost),
				"alarms": {Read: func(n *doc.Node) { s.List(n, func(n *doc.Node) { d.Alarms = append(d.Alarms, s.String(n)) }) }}})
		}},
		"limit": span(s, &d.Limit, mostLimit),
	})
	return d
}

func path(s *doc.Strict, into *string) doc.Field {
	return doc.Field{Read: func(n *doc.Node) {
		if *into = s.String(n); !strings.HasPrefix(*into, "/") {
			s.Fail(n, "a path begins with a slash")
		}
	}}
}

func span(s *doc.Strict, into *time.Duration, most time.Duration) doc.Field {
	return doc.Field{Read: func(n *doc.Node) {
		d, err := time.ParseDuration(n.Text)
		if n.Kind != doc.String || err != nil || d <= 0 || d > most {
			s.Fail(n, "a time is a string such as \"3s\", at most %s", most)
		}
		*into = d
	}}
}

func share(s *doc.Strict, into *float64) doc.Field {
	return doc.Field{Read: func(n *doc.Node) {
		number, percent := strings.CutSuffix(n.Text, "%")
		v, err := strconv.ParseFloat(number, 64)
		if n.Kind != doc.String || !percent || err != nil || !(v >= 0 && v <= 100) {
			s.Fail(n, "a share is a string such as \"0.5%%\"")
		}
		*into = v / 100
	}}
}
