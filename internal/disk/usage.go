// Package disk watches the room on the file system of the data directory: it
// refuses what would fill it before anything breaks, and keeps a reserve for
// the writes that make room again.
package disk

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Usage is the room of a file system in bytes.
type Usage struct {
	Total int64 // what can be used, as df counts: without what is set aside for root
	Free  int64
}

// Used is what is taken.
func (u Usage) Used() int64 { return u.Total - u.Free }

// Mark is an amount of a disk: a share of it, or bytes.
type Mark struct {
	Percent float64 // 0: Bytes counts
	Bytes   int64
}

// ParseMark reads "85%" or an amount as ParseBytes does.
func ParseMark(text string) (Mark, error) {
	if share, ok := strings.CutSuffix(text, "%"); ok {
		p, err := strconv.ParseFloat(share, 64)
		if err != nil || math.IsNaN(p) || p <= 0 || p > 100 {
			return Mark{}, fmt.Errorf("%q is no share between 0%% and 100%%", text)
		}
		return Mark{Percent: p}, nil
	}
	n, err := ParseBytes(text)
	return Mark{Bytes: n}, err
}

// ParseBytes reads an amount such as "20GiB", "500MiB" or "1048576".
func ParseBytes(text string) (int64, error) {
	factor, digits := int64(1), text
	for unit, f := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			factor, digits = f, strings.TrimSpace(rest)
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/factor {
		return 0, fmt.Errorf("%q is no amount such as 500MiB or 20GiB", text)
	}
	return n * factor, nil
}

// Human writes an amount for people.
func Human(n int64) string {
	for _, u := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.size || n <= -u.size {
			return strconv.FormatFloat(float64(n)/float64(u.size), 'f', 1, 64) + " " + u.name
		}
	}
	return strconv.FormatInt(n, 10) + " B"
}
