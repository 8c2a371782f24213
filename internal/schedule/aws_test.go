package schedule

import (
	"testing"
	"time"
)

func clock(t *testing.T, text string, zone *time.Location) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04:05", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestNextOfAWSExamples(t *testing.T) {
	for _, c := range []struct{ text, after, want string }{
		{"cron(0 10 * * ? *)", "2026-05-05 10:00:00", "2026-05-06 10:00:00"},
		{"cron(15 12 * * ? *)", "2026-05-05 10:00:00", "2026-05-05 12:15:00"},
		{"cron(0 18 ? * MON-FRI *)", "2026-05-08 18:00:00", "2026-05-11 18:00:00"},
		{"cron(0 8 1 * ? *)", "2026-05-05 10:00:00", "2026-06-01 08:00:00"},
		{"cron(0/15 * * * ? *)", "2026-05-05 10:46:10", "2026-05-05 11:00:00"},
		{"cron(0/10 * ? * MON-FRI *)", "2026-05-08 23:50:00", "2026-05-11 00:00:00"},
		{"cron(0/5 8-17 ? * MON-FRI *)", "2026-05-08 17:55:00", "2026-05-11 08:00:00"},
		{"cron(0 9 ? * 2#1 *)", "2026-05-05 10:00:00", "2026-06-01 09:00:00"},
		{"cron(0 10 ? * 6L 2022-2026)", "2026-05-05 10:00:00", "2026-05-29 10:00:00"},
		{"cron(0 0 L * ? *)", "2026-02-01 00:00:00", "2026-02-28 00:00:00"},
		{"cron(0 0 15W * ? *)", "2026-08-01 00:00:00", "2026-08-14 00:00:00"}, // a Saturday
		{"cron(0 0 1W * ? *)", "2026-07-30 00:00:00", "2026-08-03 00:00:00"},  // the 1st is one
		{"cron(0 0 LW * ? *)", "2026-05-05 00:00:00", "2026-05-29 00:00:00"},  // the 31st is a Sunday
		{"cron(0 0 ? * L *)", "2026-05-05 00:00:00", "2026-05-09 00:00:00"},
		{"cron(0 0 ? * FRI-SUN *)", "2026-05-04 00:00:00", "2026-05-08 00:00:00"},
		{"cron(30 6 29 2 ? *)", "2026-05-05 00:00:00", "2028-02-29 06:30:00"},
		{"cron(0 0 31 2 ? *)", "2026-05-05 00:00:00", ""},
		{"cron(0 0 1 1 ? 2020)", "2026-05-05 00:00:00", ""},
		{"at(2026-06-01T12:30:00)", "2026-05-05 00:00:00", "2026-06-01 12:30:00"},
		{"at(2026-06-01T12:30:00)", "2026-06-01 12:30:00", ""},
		{"rate(5 minutes)", "2026-05-05 00:03:00", "2026-05-05 00:05:00"},
		{"rate(1 hour)", "2026-05-05 01:00:00", "2026-05-05 02:00:00"},
		{"rate(7 days)", "2026-05-11 23:59:59", "2026-05-12 00:00:00"},
	} {
		s, err := Parse(c.text, time.UTC)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, ok := s.Next(clock(t, c.after, time.UTC), clock(t, "2026-05-05 00:00:00", time.UTC))
		if ok != (c.want != "") || ok && !got.Equal(clock(t, c.want, time.UTC)) {
			t.Errorf("%s after %s: %s (%t), want %s", c.text, c.after, got, ok, c.want)
		}
	}
}

func TestWhatIsNoExpression(t *testing.T) {
	for _, text := range []string{
		"", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(5 seconds)", "rate(5minutes)", "rate(1.5 hours)",
		"cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(0 10 * * ?)", "cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 32 * ? *)",
		"cron(0 0 ? * 8 *)", "cron(0 0 ? * 2#6 *)", "cron(0 0 * 13 ? *)", "cron(0 0 * * ? 1969)", "cron(0 0 * * ? 2200)",
		"cron(*/0 * * * ? *)", "at(2026-13-01T00:00:00)", "at(2026-01-01)", "every(5 minutes)",
	} {
		if _, err := Parse(text, time.UTC); err == nil {
			t.Errorf("%q is an expression", text)
		}
	}
}
