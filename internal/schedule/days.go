package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// monthDays are days of a month: numbers, the last one, and weekdays nearest to
// a number.
type monthDays struct {
	numbers     set
	last        bool // L
	lastWorking bool // LW
	nearest     int  // 15W; 0 for none
}

func parseMonthDays(text string) (out monthDays, err error) {
	switch number, near := strings.CutSuffix(text, "W"); {
	case text == "L":
		out.last = true
	case text == "LW":
		out.lastWorking = true
	case near:
		out.nearest, err = dayField.value(number)
	default:
		out.numbers, err = dayField.values(text)
	}
	return out, err
}

func (d monthDays) has(date time.Time) bool {
	end := time.Date(date.Year(), date.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	switch {
	case d.last:
		return date.Day() == end.Day()
	case d.lastWorking:
		return date.Equal(working(end))
	case d.nearest > end.Day():
		return false
	case d.nearest > 0:
		return date.Equal(working(time.Date(date.Year(), date.Month(), d.nearest, 0, 0, 0, 0, time.UTC)))
	}
	return d.numbers[date.Day()]
}

// working is the weekday nearest to a date, in the same month.
func working(date time.Time) time.Time {
	step := 0
	switch date.Weekday() {
	case time.Saturday:
		step = -1
		if date.Day() == 1 {
			step = 2
		}
	case time.Sunday:
		step = 1
		if date.AddDate(0, 0, 1).Month() != date.Month() {
			step = -2
		}
	}
	return date.AddDate(0, 0, step)
}

// weekDays are days of the week, the last or the nth such of a month.
type weekDays struct {
	numbers set // 1 is Sunday
	last    int // 6L is the last Friday; 0 for none
	day     int // 6#3 is the third Friday
	nth     int
}

func parseWeekDays(text string) (out weekDays, err error) {
	day, nth, numbered := strings.Cut(text, "#")
	last, isLast := strings.CutSuffix(text, "L")
	switch {
	case numbered:
		if out.day, err = weekdayField.value(day); err != nil {
			return out, err
		}
		if out.nth, err = strconv.Atoi(nth); err != nil || out.nth < 1 || out.nth > 5 {
			return out, fmt.Errorf("%q is none of a month's 1 to 5 days of the week", nth)
		}
	case text == "L":
		out.numbers = set{7: true}
	case isLast:
		out.last, err = weekdayField.value(last)
	default:
		out.numbers, err = weekdayField.values(text)
	}
	return out, err
}

func (d weekDays) has(date time.Time) bool {
	day := int(date.Weekday()) + 1
	switch {
	case d.nth > 0:
		return day == d.day && (date.Day()-1)/7+1 == d.nth
	case d.last > 0:
		return day == d.last && date.AddDate(0, 0, 7).Month() != date.Month()
	}
	return d.numbers[day]
}
