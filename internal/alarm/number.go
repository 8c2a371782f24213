package alarm

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// number is a value as CloudWatch writes it, in texts and in JSON: 70 is 70.0,
// ten million is 1.0E7.
type number float64

func (n number) String() string {
	v := float64(n)
	size := max(v, -v)
	if v == 0 || size >= 1e-3 && size < 1e7 {
		s := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, found := strings.Cut(strconv.FormatFloat(v, 'E', -1, 64), "E")
	if !found {
		return mantissa // NaN and Inf: no metric has them
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	return mantissa + "E" + sign + strings.TrimLeft(exponent, "+-0")
}

// MarshalJSON writes the number as String does.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// moment is a time as CloudWatch writes it in its documents.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

// spoken is a time as CloudWatch writes it in sentences.
func spoken(t time.Time) string { return t.UTC().Format("Monday 02 January, 2006 15:04:05 UTC") }

// counted is a number of things with the word for them: "1 datapoint",
// "3 missing datapoints".
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// document writes JSON as CloudWatch does: "->" as it is.
func document(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "" // every member of what is written here can be
	}
	return strings.TrimSuffix(b.String(), "\n")
}
