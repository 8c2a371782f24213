package notify

import (
	"math"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// Pause is how long to wait after a delivery's n-th attempt (1 is the first)
// has failed; false when it is to be given up. jitter, from 0 to 1, takes up to
// a tenth off, so that what failed together is not tried again together.
func Pause(p state.RetryPolicy, n int, age time.Duration, jitter float64) (time.Duration, bool) {
	if n > p.Retries {
		return 0, false
	}
	d := delay(p, n)
	if p.MaxAge > 0 && age+d > p.MaxAge {
		return 0, false
	}
	return d - time.Duration(float64(d)*jitter/10), true
}

// delay is the pause before the n-th retry.
func delay(p state.RetryPolicy, n int) time.Duration {
	switch grows := p.Retries - p.Immediate - p.AtMin - p.AtMax; {
	case n <= p.Immediate:
		return 0
	case n <= p.Immediate+p.AtMin:
		return p.MinDelay
	case n > p.Retries-p.AtMax:
		return p.MaxDelay
	case grows <= 1:
		return p.MinDelay
	default:
		return grown(p, float64(n-p.Immediate-p.AtMin-1)/float64(grows-1))
	}
}

// grown is between the two delays, at x from 0 to 1. Exponential pauses double
// from the shortest; the others reach the longest with the last.
func grown(p state.RetryPolicy, x float64) time.Duration {
	least, most := float64(p.MinDelay), float64(p.MaxDelay)
	var d float64
	switch p.Growth {
	case "exponential":
		d = least + (most-least)*(math.Exp2(8*x)-1)/255
	case "geometric":
		d = least * math.Pow(most/least, x)
	case "arithmetic":
		d = least + (most-least)*x*(1+x)/2
	default:
		d = least + (most-least)*x
	}
	return min(time.Duration(d), p.MaxDelay)
}
