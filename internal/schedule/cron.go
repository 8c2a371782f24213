package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is a cron expression of AWS: minutes, hours, day of month, month, day of
// week and year.
type cron struct {
	zone                 *time.Location
	minutes, hours       set
	days                 monthDays
	months               set
	weekdays             weekDays
	years                set
	everyHour, byWeekday bool
}

// set is the values that a field allows.
type set map[int]bool

// field is what values a field takes.
type field struct {
	name     string
	min, max int
	names    []string // of min and the following
}

var (
	minuteField  = field{"minutes", 0, 59, nil}
	hourField    = field{"hours", 0, 23, nil}
	dayField     = field{"day of month", 1, 31, nil}
	monthField   = field{"month", 1, 12, []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}}
	weekdayField = field{"day of week", 1, 7, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}}
	yearField    = field{"year", 1970, 2199, nil}
)

func parseCron(body string, zone *time.Location) (*cron, error) {
	parts := strings.Fields(body)
	if len(parts) != 6 {
		return nil, fmt.Errorf("cron takes six fields (minutes, hours, day of month, month, day of week, year), not %d", len(parts))
	}
	if (parts[2] == "?") == (parts[4] == "?") {
		return nil, fmt.Errorf("one of day of month and day of week must be ?, and not both")
	}
	c := &cron{zone: zone, everyHour: strings.HasPrefix(parts[1], "*"), byWeekday: parts[2] == "?"}
	var errs [6]error
	c.minutes, errs[0] = minuteField.values(parts[0])
	c.hours, errs[1] = hourField.values(parts[1])
	if c.byWeekday {
		c.weekdays, errs[4] = parseWeekDays(parts[4])
	} else {
		c.days, errs[2] = parseMonthDays(parts[2])
	}
	c.months, errs[3] = monthField.values(parts[3])
	c.years, errs[5] = yearField.values(parts[5])
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// values reads a list of values, ranges and steps: 1,5-10,0/15,*.
func (f field) values(text string) (set, error) {
	out := set{}
	for _, part := range strings.Split(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 || n > f.max {
				return nil, fmt.Errorf("%q is no step of %s", stepText, f.name)
			}
			step = n
		}
		from, to, err := f.span(span, stepped)
		if err != nil {
			return nil, err
		}
		if to < from { // FRI-MON goes round
			to += f.max - f.min + 1
		}
		for v := from; v <= to; v += step {
			out[f.min+(v-f.min)%(f.max-f.min+1)] = true
		}
	}
	return out, nil
}

// span reads *, a value or a range. A value with a step goes to the end.
func (f field) span(text string, stepped bool) (from, to int, err error) {
	if text == "*" {
		return f.min, f.max, nil
	}
	low, high, ranged := strings.Cut(text, "-")
	if from, err = f.value(low); err != nil {
		return 0, 0, err
	}
	switch {
	case ranged:
		to, err = f.value(high)
	case stepped:
		to = f.max
	default:
		to = from
	}
	if f.max == yearField.max && to < from {
		return 0, 0, fmt.Errorf("%q is no range of years", text)
	}
	return from, to, err
}

func (f field) value(text string) (int, error) {
	if i := slices.Index(f.names, strings.ToUpper(text)); i >= 0 {
		return f.min + i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.min || n > f.max || strings.HasPrefix(text, "+") {
		return 0, fmt.Errorf("%q is no value of %s (%d to %d)", text, f.name, f.min, f.max)
	}
	return n, nil
}

// next looks day by day. The zone's clocks decide what a day is.
func (c *cron) next(after time.Time) (time.Time, bool) {
	local := after.In(c.zone)
	year, month, day := local.Date()
	// From the day before: where clocks go back over midnight, a day's times
	// come after the next day's first.
	for date := time.Date(year, month, day-1, 0, 0, 0, 0, time.UTC); date.Year() <= yearField.max; {
		switch {
		case !c.years[date.Year()]:
			date = time.Date(date.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
			continue
		case !c.months[int(date.Month())]:
			date = time.Date(date.Year(), date.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if c.on(date) {
			if t, ok := c.within(date, after); ok {
				return t, true
			}
		}
		date = date.AddDate(0, 0, 1)
	}
	return time.Time{}, false
}

func (c *cron) on(date time.Time) bool {
	if c.byWeekday {
		return c.weekdays.has(date)
	}
	return c.days.has(date)
}

// within is the first time on a date that is after a given one. A time that the
// clocks leave out is left out. One that they show twice counts once, the first
// time, unless the hour is any: then it is time that counts, not clocks.
//
// Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
func (c *cron) within(date, after time.Time) (first time.Time, found bool) {
	for hour := range 24 {
		if !c.hours[hour] {
			continue
		}
		for minute := range 60 {
			if !c.minutes[minute] {
				continue
			}
			for i, t := range instants(date.Add(time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute), c.zone) {
				if i > 0 && !c.everyHour {
					break
				}
				if t.After(after) && (!found || t.Before(first)) {
					first, found = t, true
				}
			}
		}
	}
	return first, found
}

// instants are the times at which the clocks of a zone show what wall, a time in
// UTC, says: none, one or two, the earlier first.
func instants(wall time.Time, zone *time.Location) (out []time.Time) {
	for _, around := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := wall.Add(around).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		_, there := t.In(zone).Zone()
		if there == offset && !slices.ContainsFunc(out, t.Equal) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}
