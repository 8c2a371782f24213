package datachannel

import "time"

// How soon a message is sent again, as the plugin and AWS's agent reckon: the
// smoothed round trip and four times its variation (RFC 6298), within bounds.
const (
	firstRoundTrip = 100 * time.Millisecond
	firstTimeout   = 200 * time.Millisecond
	granularity    = 10 * time.Millisecond
	minTimeout     = 100 * time.Millisecond
	maxTimeout     = time.Second
)

type roundTrip struct {
	smooth, variation time.Duration
	known             bool
}

func newRoundTrip() roundTrip { return roundTrip{smooth: firstRoundTrip} }

// learn takes in a round trip.
func (r *roundTrip) learn(d time.Duration) {
	r.known = true
	r.variation += ((r.smooth - d).Abs() - r.variation) / 4
	r.smooth += (d - r.smooth) / 8
}

// timeout is when a message is overdue.
func (r *roundTrip) timeout() time.Duration {
	if !r.known {
		return firstTimeout
	}
	return min(max(r.smooth+max(granularity, 4*r.variation), minTimeout), maxTimeout)
}
