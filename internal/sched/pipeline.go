package sched

// filter takes nodes away.
type filter struct {
	// reason is AWS's failure reason.
	//
	// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
	reason string
	fits   func(n *node, r Request) bool
	// explain says why none of nodes, which all passed the filters before,
	// fits.
	explain func(nodes []*node, r Request) string
}

// filters run in this order: first what waiting does not mend.
func filters() []filter {
	return []filter{connected(), architecture(), memory(), cpu(), ports(), members(), distinct()}
}

// ranker orders two nodes that both fit: negative prefers a.
type ranker func(a, b *node, r Request, seed uint64) int

// rankers decide in this order.
func rankers() []ranker {
	return []ranker{leastReserved, lot}
}
