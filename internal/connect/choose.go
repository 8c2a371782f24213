package connect

// choose takes one of n hosts by turn: the first from there on that is neither
// out nor was tried for this request. Where all of those are out it is the
// first that was not tried, so that a service whose every task fails is asked
// still; where all were tried it is the one whose turn it is. -1: there is none.
func choose(n int, turn uint64, out, tried func(i int) bool) int {
	if n == 0 {
		return -1
	}
	first := int(turn % uint64(n))
	fresh := -1
	for k := range n {
		i := (first + k) % n
		switch {
		case tried(i):
		case !out(i):
			return i
		case fresh < 0:
			fresh = i
		}
	}
	if fresh >= 0 {
		return fresh
	}
	return first
}
