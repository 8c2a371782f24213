package pattern

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"slices"
	"strings"
)

// matcher tells whether one value of an event matches: a string, json.Number,
// bool, or nil.
type matcher interface{ matches(v any) bool }

type (
	text   string // this very string
	number string // a number spelled so
	exists bool
	cidr   netip.Prefix
	fold   string // whatever the case
)

// literal is true, false or null.
type literal struct{ value any }

func (m text) matches(v any) bool { s, ok := v.(string); return ok && s == string(m) }

// A number is compared as it is spelled: 300, 300.0 and 3.0e2 are not equal.
func (m number) matches(v any) bool { n, ok := v.(json.Number); return ok && n.String() == string(m) }

func (m literal) matches(v any) bool { return v == m.value }

func (m exists) matches(any) bool { return bool(m) }

func (m fold) matches(v any) bool {
	s, ok := v.(string)
	return ok && strings.EqualFold(s, string(m))
}

func (m cidr) matches(v any) bool {
	s, ok := v.(string)
	if !ok {
		return false
	}
	addr, err := netip.ParseAddr(s)
	return err == nil && netip.Prefix(m).Contains(addr)
}

// affix is a prefix or suffix.
type affix struct {
	affix string
	end   bool // it is a suffix
	fold  bool
}

func (m affix) matches(v any) bool {
	s, ok := v.(string)
	switch {
	case !ok:
		return false
	case !m.fold && m.end:
		return strings.HasSuffix(s, m.affix)
	case !m.fold:
		return strings.HasPrefix(s, m.affix)
	}
	have, want := []rune(s), []rune(m.affix)
	switch {
	case len(have) < len(want):
		return false
	case m.end:
		have = have[len(have)-len(want):]
	}
	return strings.EqualFold(string(have[:len(want)]), m.affix)
}

// wildcard is the pieces between its asterisks.
type wildcard []string

func (m wildcard) matches(v any) bool {
	s, ok := v.(string)
	if !ok {
		return false
	}
	if len(m) == 1 {
		return s == m[0]
	}
	first, last := m[0], m[len(m)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, piece := range m[1 : len(m)-1] {
		at := strings.Index(s, piece)
		if at < 0 {
			return false
		}
		s = s[at+len(piece):]
	}
	return true
}

// unlike is anything but what one of the matchers matches.
type unlike []matcher

func (m unlike) matches(v any) bool {
	return !slices.ContainsFunc(m, func(of matcher) bool { return of.matches(v) })
}

// equal is a number by its value.
type equal struct{ value *big.Rat }

func (m equal) matches(v any) bool {
	n, ok := rational(v)
	return ok && n.Cmp(m.value) == 0
}

// within is a range of numbers.
type within struct {
	low, high       *big.Rat // nil: open
	lowToo, highToo bool     // the bounds are within
}

func (m within) matches(v any) bool {
	n, ok := rational(v)
	if !ok {
		return false
	}
	if m.low != nil {
		if c := n.Cmp(m.low); c < 0 || c == 0 && !m.lowToo {
			return false
		}
	}
	if m.high != nil {
		if c := n.Cmp(m.high); c > 0 || c == 0 && !m.highToo {
			return false
		}
	}
	return true
}

// rational reads a number of at most this size; a longer one has none.
func rational(v any) (*big.Rat, bool) {
	n, ok := v.(json.Number)
	if !ok || !short(n.String()) {
		return nil, false
	}
	return new(big.Rat).SetString(n.String())
}

// short tells whether a number can be computed with: an exponent can ask for
// more digits than there is memory.
func short(s string) bool {
	_, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	return len(s) <= 64 && len(strings.TrimLeft(exponent, "+-0")) <= 3
}
