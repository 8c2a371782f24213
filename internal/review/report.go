package review

import "time"

// Report is all that a review has to tell; package report writes it.
type Report struct {
	Version string // of Hatoba
	At      time.Time
	Inputs  []Input
	Scope   []Part // what the review was limited to; empty is all
	Results []Result
	FailOn  Severity
	Verdict Verdict
	Count   Count
	Notes   []Note
}

// Input is one part of the subject, and whether it was read.
type Input struct {
	Part Part
	Name string // a path, a reference, an ARN; empty if not given
	Read bool
	Why  Text // if not read
	How  Text
}

// Note is a section of plain lines beside the findings: the inventory in
// numbers, what the service costs.
type Note struct {
	Title Text
	Lines []Text
}

// Inputs lists the parts of a subject; names are what the user gave.
func Inputs(s *Subject, names map[Part]string) []Input {
	var out []Input
	for _, p := range Parts() {
		ok, why, how := s.has(p)
		out = append(out, Input{Part: p, Name: names[p], Read: ok, Why: why, How: how})
	}
	return out
}
