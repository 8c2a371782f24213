package logpattern

import (
	"regexp"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		options     map[string]string
		begins, not []string
	}{
		"AWS's example": {
			map[string]string{DatetimeFormat: `\[%b %d, %Y %H:%M:%S\]`},
			[]string{"[May 01, 2017 19:00:01] A message", "at [Dec 31, 1999 23:59:59]"},
			[]string{"    at com.example", "[May 1, 2017 19:00:01]", "[Mai 01, 2017 19:00:01]", "[May 01, 2017 24:00:01]"},
		},
		"milliseconds":   {map[string]string{DatetimeFormat: "%Y-%m-%dT%H:%M:%S%L%z"}, []string{"2026-11-21T08:39:00.123+0000 x"}, []string{"2026-11-21T08:39:00,123+0000 x", "2026-13-21T08:39:00.123+0000"}},
		"zone and names": {map[string]string{DatetimeFormat: "%A %j %Z %p %f"}, []string{"Friday 366 CET AM 000001"}, []string{"Friday 367 CET AM 000001"}},
		"pattern":        {map[string]string{MultilinePattern: "^INFO"}, []string{"INFO x"}, []string{"  INFO"}},
	} {
		p, err := Parse(c.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, line := range c.begins {
			if !p.MatchString(line) {
				t.Errorf("%s: %q does not begin an event", name, line)
			}
		}
		for _, line := range c.not {
			if p.MatchString(line) {
				t.Errorf("%s: %q begins an event", name, line)
			}
		}
	}
	if p, err := Parse(map[string]string{"awslogs-group": "g"}); p != nil || err != nil {
		t.Error(p, err)
	}
	for want, options := range map[string]map[string]string{
		"you cannot configure log opt 'awslogs-datetime-format' and 'awslogs-multiline-pattern' at the same time": {DatetimeFormat: "%Y", MultilinePattern: "x"},
		"awslogs could not parse multiline pattern key \"(\"":                                                     {MultilinePattern: "("},
		"the sequence %Q of awslogs-datetime-format is not known":                                                 {DatetimeFormat: "%Q"},
	} {
		if _, err := Parse(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func FuzzDatetimeFormat(f *testing.F) {
	f.Add(`\[%b %d, %Y %H:%M:%S\]`)
	f.Fuzz(func(t *testing.T, format string) {
		p, err := Parse(map[string]string{DatetimeFormat: format})
		if err == nil && p != nil {
			_ = p.MatchString(format)
		}
		if err != nil && regexp.MustCompile(`^[a-zA-Z %]*$`).MatchString(format) && !strings.Contains(err.Error(), "is not known") {
			t.Error(err)
		}
	})
}
