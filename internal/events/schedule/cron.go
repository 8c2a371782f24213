package schedule

import (
	"strconv"
	"strings"
	"time"
)

// set holds the numbers that a field allows, up to 63.
type set uint64

func (s set) has(n int) bool { return s&(1<<n) != 0 }

// cron is the six fields. Days are either of the month or of the week.
type cron struct {
	minutes, hours, months set
	years                  map[int]bool // nil: all
	days                   days
}

// days are those of a month that are due.
type days struct {
	ofMonth set // 0: not by these
	ofWeek  set // 0 is Sunday
	last    bool
	before  int   // days before the last, with last
	nearest []int // weekdays nearest to these; 0: to the last
	lastOf  set   // the last such day of the week
	nth     map[int]set
}

const firstYear, lastYear = 1970, 2199

var (
	monthNames = strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
	dayNames   = strings.Fields("SUN MON TUE WED THU FRI SAT")
)

func parseCron(text string) (*cron, error) {
	f := strings.Fields(text)
	if len(f) != 6 {
		return nil, ErrSyntax
	}
	c, ok := &cron{}, true
	take := func(field string, low, high int, names []string) set {
		out, fine := numbers(field, low, high, names)
		ok = ok && fine
		return out
	}
	c.minutes, c.hours, c.months = take(f[0], 0, 59, nil), take(f[1], 0, 23, nil), take(f[3], 1, 12, monthNames)
	if f[5] != "*" {
		c.years = map[int]bool{}
		ok = ok && each(f[5], firstYear, lastYear, nil, func(n int) { c.years[n] = true })
	}
	switch {
	case f[2] != "?" && f[4] != "?" || f[2] == "?" && f[4] == "?":
		return nil, ErrSyntax // one of them, and only one
	case f[4] == "?":
		ok = ok && c.days.month(f[2])
	default:
		ok = ok && c.days.week(f[4])
	}
	if !ok {
		return nil, ErrSyntax
	}
	return c, nil
}

// month reads the days of the month: numbers, L, L-3, 15W, LW.
func (d *days) month(field string) bool {
	for part := range strings.SplitSeq(field, ",") {
		n, isNumber := number(strings.TrimSuffix(part, "W"), 1, 31, nil)
		switch {
		case part == "LW":
			d.nearest = append(d.nearest, 0)
		case part == "L":
			d.last = true
		case strings.HasPrefix(part, "L-"):
			before, ok := number(part[2:], 1, 30, nil)
			if !ok {
				return false
			}
			d.last, d.before = true, before
		case strings.HasSuffix(part, "W"):
			if !isNumber {
				return false
			}
			d.nearest = append(d.nearest, n)
		default:
			s, ok := numbers(part, 1, 31, nil)
			if !ok {
				return false
			}
			d.ofMonth |= s
		}
	}
	return true
}

// week reads the days of the week: 1 is Sunday; 6L is the last Friday, 3#2 the
// second Tuesday, L is Saturday.
func (d *days) week(field string) bool {
	for part := range strings.SplitSeq(field, ",") {
		day, nth, numbered := strings.Cut(part, "#")
		switch {
		case part == "L":
			d.ofWeek |= 1 << 6
		case numbered:
			n, ok := number(day, 1, 7, dayNames)
			which, fine := number(nth, 1, 5, nil)
			if !ok || !fine {
				return false
			}
			if d.nth == nil {
				d.nth = map[int]set{}
			}
			d.nth[which] |= 1 << (n - 1)
		case strings.HasSuffix(part, "L"):
			n, ok := number(strings.TrimSuffix(part, "L"), 1, 7, dayNames)
			if !ok {
				return false
			}
			d.lastOf |= 1 << (n - 1)
		default:
			s, ok := numbers(part, 1, 7, dayNames)
			if !ok {
				return false
			}
			d.ofWeek |= s >> 1
		}
	}
	return true
}

func numbers(field string, low, high int, names []string) (out set, ok bool) {
	ok = each(field, low, high, names, func(n int) { out |= 1 << n })
	return out, ok
}

// each gives the numbers of a field: *, 5, 1-5, 0/15, 10-30/5, and lists.
func each(field string, low, high int, names []string, fn func(int)) bool {
	for part := range strings.SplitSeq(field, ",") {
		base, text, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			var ok bool
			if step, ok = number(text, 1, high, nil); !ok {
				return false
			}
		}
		from, to := low, high
		if base != "*" {
			first, last, ranged := strings.Cut(base, "-")
			var ok bool
			if from, ok = number(first, low, high, names); !ok {
				return false
			}
			if ranged {
				if to, ok = number(last, low, high, names); !ok {
					return false
				}
			} else if !stepped {
				to = from
			}
		}
		if to < from { // FRI-MON goes round
			if names == nil {
				return false
			}
			to += high - low + 1
		}
		for n := from; n <= to; n += step {
			fn(low + (n-low)%(high-low+1))
		}
	}
	return true
}

func number(text string, low, high int, names []string) (int, bool) {
	for i, name := range names {
		if strings.EqualFold(name, text) {
			return low + i, true
		}
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err == nil && int(n) >= low && int(n) <= high
}

// next goes from year to minute, each only as far as it is allowed.
func (c *cron) next(after time.Time, zone *time.Location) (time.Time, bool) {
	start := after.In(zone)
	for year := max(start.Year(), firstYear); year <= lastYear; year++ {
		if c.years != nil && !c.years[year] {
			continue
		}
		for month := time.January; month <= time.December; month++ {
			if !c.months.has(int(month)) || year == start.Year() && month < start.Month() {
				continue
			}
			if at, ok := c.inMonth(year, month, after, zone); ok {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

func (c *cron) inMonth(year int, month time.Month, after time.Time, zone *time.Location) (time.Time, bool) {
	due := c.days.in(year, month)
	for day := 1; day <= 31; day++ {
		if !due.has(day) || !time.Date(year, month, day+2, 0, 0, 0, 0, time.UTC).After(after) {
			continue
		}
		for hour := range 24 {
			if !c.hours.has(hour) {
				continue
			}
			for minute := range 60 {
				if !c.minutes.has(minute) {
					continue
				}
				at := time.Date(year, month, day, hour, minute, 0, 0, zone)
				if at.After(after) && at.Hour() == hour && at.Minute() == minute { // else the clock leaves it out
					return at, true
				}
			}
		}
	}
	return time.Time{}, false
}

// in are the days of a month that are due.
func (d days) in(year int, month time.Month) set {
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	weekday := func(day int) int { return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday()) }
	var out set
	for day := 1; day <= last; day++ {
		w := weekday(day)
		if d.ofMonth.has(day) || d.ofWeek.has(w) || d.nth[(day-1)/7+1].has(w) || d.lastOf.has(w) && day+7 > last || d.last && day == last-d.before {
			out |= 1 << day
		}
	}
	for _, day := range d.nearest {
		if day == 0 {
			day = last
		}
		if day > last {
			continue
		}
		switch w := weekday(day); {
		case w == 6 && day > 1:
			day--
		case w == 6:
			day += 2 // not into the month before
		case w == 0 && day < last:
			day++
		case w == 0:
			day -= 2
		}
		out |= 1 << day
	}
	return out
}
