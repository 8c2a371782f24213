package objects

import (
	"strings"
	"time"
)

// Rule is a rule of a bucket's lifecycle, as far as it acts.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
type Rule struct {
	ID      string
	Enabled bool

	Prefix      string
	Tags        map[string]string `json:",omitempty"` // all of them
	GreaterThan int64             `json:",omitempty"` // bytes; 0: any
	LessThan    int64             `json:",omitempty"`

	Days                int32     `json:",omitempty"` // after the object was made
	Date                time.Time `json:",omitzero"`
	ExpiredDeleteMarker bool      `json:",omitempty"`
	NoncurrentDays      int32     `json:",omitempty"` // after a newer version came
	NewerNoncurrent     int32     `json:",omitempty"` // newest noncurrent versions that stay
	AbortDays           int32     `json:",omitempty"` // after an upload began
}

// matches tells whether the rule is about a version.
func (r Rule) matches(v Version) bool {
	if !r.Enabled || !strings.HasPrefix(v.Key, r.Prefix) {
		return false
	}
	if v.Marker {
		return len(r.Tags) == 0 && r.GreaterThan == 0 && r.LessThan == 0
	}
	if r.GreaterThan > 0 && v.Size <= r.GreaterThan || r.LessThan > 0 && v.Size >= r.LessThan {
		return false
	}
	for k, want := range r.Tags {
		if got, ok := v.Tags[k]; !ok || got != want {
			return false
		}
	}
	return true
}

// due is the midnight UTC that follows days after t, as S3 counts.
func due(t time.Time, days int32) time.Time {
	at := t.UTC().Add(time.Duration(days) * 24 * time.Hour)
	midnight := at.Truncate(24 * time.Hour)
	if midnight.Equal(at) {
		return midnight
	}
	return midnight.Add(24 * time.Hour)
}

// Expiration tells when an object ends by the rules, and by which; the zero
// time when it does not.
func Expiration(rules []Rule, v Version) (at time.Time, rule string) {
	if v.Marker {
		return at, ""
	}
	for _, r := range rules {
		var when time.Time
		switch {
		case !r.matches(v):
			continue
		case r.Days > 0:
			when = due(v.Modified, r.Days)
		case !r.Date.IsZero():
			when = r.Date
		default:
			continue
		}
		if at.IsZero() || when.Before(at) {
			at, rule = when, r.ID
		}
	}
	return at, rule
}

// expired decides which versions of one key end now. versions is all of them,
// the newest first.
func expired(rules []Rule, versions []Version, now time.Time) (out []Target) {
	if len(versions) == 0 {
		return nil
	}
	latest := versions[0]
	if latest.Marker {
		if len(versions) == 1 && loneMarkerEnds(rules, latest, now) {
			out = append(out, Target{Key: latest.Key, ID: latest.ID, seq: latest.seq})
		}
	} else if at, _ := Expiration(rules, latest); !at.IsZero() && !now.Before(at) {
		out = append(out, Target{Key: latest.Key, seq: latest.seq})
	}
	for i, v := range versions[1:] {
		// A version is noncurrent since the one above it came.
		since := versions[i].Modified
		for _, r := range rules {
			if r.NoncurrentDays > 0 && r.matches(v) && i >= int(r.NewerNoncurrent) && !now.Before(due(since, r.NoncurrentDays)) {
				out = append(out, Target{Key: v.Key, ID: v.ID})
				break
			}
		}
	}
	return out
}

// loneMarkerEnds: a delete marker with nothing below it ends by
// ExpiredObjectDeleteMarker, and by an expiration in days too.
func loneMarkerEnds(rules []Rule, v Version, now time.Time) bool {
	for _, r := range rules {
		if r.matches(v) && (r.ExpiredDeleteMarker || r.Days > 0 && !now.Before(due(v.Modified, r.Days))) {
			return true
		}
	}
	return false
}

// abandoned tells whether an upload is to be aborted now.
func abandoned(rules []Rule, u Upload, now time.Time) bool {
	for _, r := range rules {
		if r.Enabled && r.AbortDays > 0 && strings.HasPrefix(u.Key, r.Prefix) && !now.Before(due(u.Began, r.AbortDays)) {
			return true
		}
	}
	return false
}
