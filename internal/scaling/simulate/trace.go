package simulate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// longest is the longest curve.
const longest = 31 * 24 * time.Hour

// Trace is a load curve, straight between its points.
type Trace struct {
	Start time.Time
	At    []time.Duration
	// Columns are the values by name; "load" is there always. Others are metrics
	// of their own.
	Columns map[string][]float64
}

// Length is how long the curve is.
func (t Trace) Length() time.Duration { return t.At[len(t.At)-1] }

// begin is when curves begin that do not say: on a Tuesday at midnight.
var begin = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// ReadTrace reads CSV: a time, the load, and perhaps metrics whose names the
// header has. Times are seconds, durations such as 5m, clock times such as
// 15:04, or RFC 3339.
func ReadTrace(r io.Reader) (Trace, error) {
	in := csv.NewReader(r)
	in.Comment, in.TrimLeadingSpace = '#', true
	rows, err := in.ReadAll()
	if err != nil {
		return Trace{}, err
	}
	names := []string{"time", "load"}
	if len(rows) > 0 {
		if _, _, err := when(rows[0][0]); err != nil {
			names, rows = rows[0], rows[1:]
		}
	}
	if len(rows) == 0 || len(names) < 2 || len(rows[0]) != len(names) {
		return Trace{}, errors.New("a load curve has rows of a time and a load, and a header where there is more")
	}
	names[1] = "load"
	t := Trace{Start: begin, Columns: map[string][]float64{}}
	var first time.Duration
	for i, row := range rows {
		at, date, err := when(row[0])
		if err != nil {
			return t, err
		}
		if i == 0 {
			first = at
			if t.Start = t.Start.Add(at); !date.IsZero() {
				t.Start = date
			}
		}
		if at -= first; i > 0 && at <= t.At[i-1] || at > longest {
			return t, fmt.Errorf("row %d: times must grow, up to %s", i+1, longest)
		}
		t.At = append(t.At, at)
		for j, text := range row[1:] {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				return t, fmt.Errorf("row %d: %q is no load", i+1, text)
			}
			t.Columns[names[j+1]] = append(t.Columns[names[j+1]], v)
		}
	}
	for name, values := range t.Columns {
		if len(values) != len(t.At) {
			return t, fmt.Errorf("the column %q is there twice", name)
		}
	}
	if t.Length() < time.Minute {
		return t, errors.New("a load curve is a minute long at least")
	}
	return t, nil
}

// when reads a time; with a date it is since 1970.
func when(text string) (time.Duration, time.Time, error) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e9 {
		return time.Duration(n * float64(time.Second)), time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, time.Time{}, nil
	}
	for _, form := range []string{"15:04:05", "15:04"} {
		if c, err := time.Parse(form, text); err == nil {
			return c.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)), time.Time{}, nil
		}
	}
	date, err := time.Parse(time.RFC3339, text)
	if err != nil || date.Year() < 1971 || date.Year() > 2200 {
		return 0, date, fmt.Errorf("%q is no time: it is seconds, a duration such as 5m, a clock time such as 15:04, or RFC 3339", text)
	}
	return time.Duration(date.Unix()) * time.Second, date.UTC(), nil
}

// value is a column's at a time, straight between two points; i is where to
// begin to look, and where it was found.
func (t Trace) value(column []float64, at time.Duration, i *int) float64 {
	for *i+1 < len(t.At) && t.At[*i+1] <= at {
		*i++
	}
	if *i+1 == len(t.At) {
		return column[*i]
	}
	part := float64(at-t.At[*i]) / float64(t.At[*i+1]-t.At[*i])
	return column[*i] + part*(column[*i+1]-column[*i])
}
