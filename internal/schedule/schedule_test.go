package schedule

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNext(t *testing.T) {
	for _, c := range []struct {
		expression, zone, after string
		want                    []string
	}{
		{"at(2030-01-01T09:30:00)", "", "2029-12-31T00:00:00Z", []string{"2030-01-01T09:30:00Z", ""}},
		{"at(2030-01-01T09:30:00)", "Asia/Tokyo", "2029-12-31T00:00:00Z", []string{"2030-01-01T00:30:00Z", ""}},
		{"rate(5 minutes)", "", "2030-01-01T00:00:00Z", []string{"2030-01-01T00:05:00Z", "2030-01-01T00:10:00Z"}},
		{"rate(1 day)", "", "2030-01-05T10:00:00Z", []string{"2030-01-06T00:00:00Z"}},
		{"cron(0 10 * * ? *)", "", "2030-01-01T10:00:00Z", []string{"2030-01-02T10:00:00Z"}},
		{"cron(15 12 * * ? *)", "", "2030-01-01T10:00:00Z", []string{"2030-01-01T12:15:00Z"}},
		{"cron(0 18 ? * MON-FRI *)", "", "2030-01-04T18:00:00Z", []string{"2030-01-07T18:00:00Z"}}, // a Friday
		{"cron(0 8 1 * ? *)", "", "2030-01-01T10:00:00Z", []string{"2030-02-01T08:00:00Z"}},
		{"cron(0/15 * * * ? *)", "", "2030-01-01T10:50:00Z", []string{"2030-01-01T11:00:00Z", "2030-01-01T11:15:00Z"}},
		{"cron(0/10 * ? * MON-FRI *)", "", "2030-01-04T23:55:00Z", []string{"2030-01-07T00:00:00Z"}},
		{"cron(0/5 8-17 ? * MON-FRI *)", "", "2030-01-04T17:55:00Z", []string{"2030-01-07T08:00:00Z"}},
		{"cron(0 9 ? * 2#1 *)", "", "2030-01-08T00:00:00Z", []string{"2030-02-04T09:00:00Z"}},
		{"cron(0 9 ? * 6L *)", "", "2030-01-01T00:00:00Z", []string{"2030-01-25T09:00:00Z", "2030-02-22T09:00:00Z"}},
		{"cron(0 9 L * ? *)", "", "2030-01-31T10:00:00Z", []string{"2030-02-28T09:00:00Z"}},
		{"cron(0 9 3W * ? *)", "", "2030-03-01T00:00:00Z", []string{"2030-03-04T09:00:00Z"}}, // the 3rd is a Sunday
		{"cron(0 9 1W * ? *)", "", "2030-05-31T00:00:00Z", []string{"2030-06-03T09:00:00Z"}}, // the 1st is a Saturday
		{"cron(0 9 LW * ? *)", "", "2030-03-01T00:00:00Z", []string{"2030-03-29T09:00:00Z"}}, // the 31st is a Sunday
		{"cron(0 9 31 * ? *)", "", "2030-01-31T10:00:00Z", []string{"2030-03-31T09:00:00Z"}},
		{"cron(0 9 30 FEB ? *)", "", "2030-01-31T10:00:00Z", []string{""}},
		{"cron(0 9 1 1 ? 2031-2032)", "", "2030-01-01T10:00:00Z", []string{"2031-01-01T09:00:00Z", "2032-01-01T09:00:00Z", ""}},
		{"cron(0 9 ? * FRI-MON *)", "", "2030-01-01T00:00:00Z", []string{"2030-01-04T09:00:00Z", "2030-01-05T09:00:00Z", "2030-01-06T09:00:00Z", "2030-01-07T09:00:00Z", "2030-01-11T09:00:00Z"}},

		// Summer time begins in New York on March 10, 2030 at 2:00.
		{"cron(30 2 * * ? *)", "America/New_York", "2030-03-09T12:00:00Z", []string{"2030-03-11T06:30:00Z"}},
		{"cron(0 9 * * ? *)", "America/New_York", "2030-03-08T14:00:00Z", []string{"2030-03-09T14:00:00Z", "2030-03-10T13:00:00Z"}},
		{"cron(0/30 * * * ? *)", "America/New_York", "2030-03-10T06:30:00Z", []string{"2030-03-10T07:00:00Z"}},
		// It ends on November 3 at 2:00, which is 1:00 again.
		{"cron(30 1 * * ? *)", "America/New_York", "2030-11-03T00:00:00Z", []string{"2030-11-03T05:30:00Z", "2030-11-04T06:30:00Z"}},
		{"cron(30 * * * ? *)", "America/New_York", "2030-11-03T05:00:00Z", []string{"2030-11-03T05:30:00Z", "2030-11-03T06:30:00Z", "2030-11-03T07:30:00Z"}},
		// Clocks that move by half an hour, and over midnight.
		{"cron(45 1 * * ? *)", "Australia/Lord_Howe", "2030-04-06T14:00:00Z", []string{"2030-04-06T14:45:00Z", "2030-04-07T15:15:00Z"}},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(c.expression, zone)
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		after, _ := time.Parse(time.RFC3339, c.after)
		anchor, _ := time.Parse(time.RFC3339, "2030-01-01T00:00:00Z")
		for i, want := range c.want {
			next, ok := s.Next(after, anchor)
			got := ""
			if ok {
				got = next.UTC().Format(time.RFC3339)
			}
			if got != want {
				t.Errorf("%s in %s after %s: the time number %d is %q, want %q", c.expression, zone, c.after, i+1, got, want)
			}
			after = next
		}
	}
}

func TestWhatIsNoSchedule(t *testing.T) {
	for _, text := range []string{
		"", "cron", "cron()", "cron(* * * * *)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 10 * * ? *)", "cron(0 24 * * ? *)",
		"cron(0 10 * 13 ? *)", "cron(0 10 ? * 8 *)", "cron(0 10 ? * MON#6 *)", "cron(0 10 0W * ? *)", "cron(0/0 10 * * ? *)", "cron(0 10 * * ? 2200)",
		"cron(0 10 * * ? 2031-2030)", "cron(+1 10 * * ? *)", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(5 weeks)", "rate(-1 day)",
		"rate(99999999999 days)", "at(2030-01-01)", "at(2030-13-01T00:00:00)", "at(2030-01-01T00:00:00Z)", "every(5 minutes)",
	} {
		if s, err := Parse(text, nil); err == nil {
			t.Errorf("%q is read as %+v", text, s)
		}
	}
}

// The times grow, and each is one that the expression allows.
func TestNextGrows(t *testing.T) {
	zones := []string{"UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo", "Pacific/Apia"}
	expressions := []string{"cron(0/7 * * * ? *)", "cron(30 2 * * ? *)", "cron(15 0,1,23 ? * SUN *)", "cron(0 0 L * ? *)", "rate(7 minutes)"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(rapid.SampledFrom(expressions).Draw(t, "expression"), zone)
		if err != nil {
			t.Fatal(err)
		}
		after := time.Unix(rapid.Int64Range(1_000_000_000, 2_500_000_000).Draw(t, "after"), 0)
		for range 5 {
			next, ok := s.Next(after, time.Unix(1_000_000_000, 0))
			if !ok || !next.After(after) {
				t.Fatalf("after %s comes %s, %t", after, next, ok)
			}
			if between := after.Add(next.Sub(after) / 2); between.After(after) && between.Before(next) {
				if again, _ := s.Next(between, time.Unix(1_000_000_000, 0)); !again.Equal(next) {
					t.Fatalf("after %s comes %s, but after %s %s", after, next, between, again)
				}
			}
			after = next
		}
	})
}

// Last is the last of what Next tells, one after the other.
func TestLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := Parse(rapid.SampledFrom([]string{"cron(0/7 * * * ? *)", "cron(15 0,1,23 ? * SUN *)", "rate(7 minutes)", "rate(2 days)", "at(2030-01-02T00:00:00)"}).Draw(t, "expression"), nil)
		if err != nil {
			t.Fatal(err)
		}
		anchor := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		after := anchor.Add(time.Duration(rapid.Int64Range(0, 3e5).Draw(t, "after")) * time.Second)
		now := after.Add(time.Duration(rapid.Int64Range(0, 3e6).Draw(t, "later")) * time.Second)
		var want time.Time
		for next, ok := s.Next(after, anchor); ok && !next.After(now); next, ok = s.Next(next, anchor) {
			want = next
		}
		if last, ok := s.Last(after, anchor, now); !last.Equal(want) || ok == want.IsZero() {
			t.Errorf("between %s and %s the last is %s, %t, not %s", after, now, last, ok, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"cron(0 10 * * ? *)", "rate(5 minutes)", "at(2030-01-01T09:30:00)", "cron(0/15 8-17 ? JAN-MAR MON#2 2030/2)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, time.UTC)
		if err != nil {
			return
		}
		after := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		if next, ok := s.Next(after, after); ok && !next.After(after) {
			t.Errorf("%q: after %s comes %s", text, after, next)
		}
	})
}
