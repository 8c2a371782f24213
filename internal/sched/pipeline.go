package sched

// filter takes nodes away.
type filter struct {
	// reason is AWS's failure reason.
	//
	// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
	reason string
	fits   func(s *Snapshot, n Candidate, r *Request) bool
	// explain says why none of nodes, which all passed the filters before,
	// fits.
	explain func(s *Snapshot, nodes []Candidate, r *Request) string
}

// filters run in this order: first what waiting does not mend.
var filters = []filter{connected(), architecture(), memory(), cpu(), ports(), members(), distinct()}
