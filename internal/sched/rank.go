package sched

import "cmp"

// leastReserved prefers the node whose memory is promised least, so that tasks
// spread.
func leastReserved(a, b *node, _ Request, _ uint64) int {
	return cmp.Compare(reservedShare(a), reservedShare(b))
}

func reservedShare(n *node) float64 {
	if n.totalMemory == 0 {
		return 1
	}
	return float64(n.totalMemory-n.freeMemory) / float64(n.totalMemory)
}

// lot draws between equals.
func lot(a, b *node, r Request, seed uint64) int {
	return cmp.Compare(draw(seed, r.ID, a.ID), draw(seed, r.ID, b.ID))
}
