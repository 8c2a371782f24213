package review

import "fmt"

// Status is one of the three answers.
type Status string

const (
	Pass        Status = "pass"
	Fail        Status = "fail"
	NotExamined Status = "not-examined"
)

// Place is where something was seen. Line and Col count from 1; 0 means that
// the whole file, or a thing that is no file, is meant.
type Place struct {
	File string `json:"file,omitempty"` // a path as given, an image reference, or an ARN
	Line int    `json:"line,omitempty"`
	Col  int    `json:"column,omitempty"`
}

func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Outcome is what one look at one thing gave.
type Outcome struct {
	Status   Status `json:"status"`
	Place    Place  `json:"place,omitzero"`
	Observed Text   `json:"observed"`      // the evidence; never a secret's value
	Todo     Text   `json:"todo,omitzero"` // more exact than the rule's, if set
	// Waived is set on a failure that someone bears.
	Waived *Waiver `json:"-"`
	lacks  bool    // its half lacks a part
}

// Passed says that the practice holds, and what was seen.
func Passed(at Place, en, ja string, args ...any) Outcome {
	return Outcome{Status: Pass, Place: at, Observed: Say(en, ja, args...)}
}

// Failed says that the practice does not hold, and what was seen.
func Failed(at Place, en, ja string, args ...any) Outcome {
	return Outcome{Status: Fail, Place: at, Observed: Say(en, ja, args...)}
}

// Unexamined says why nobody can tell; todo how to have it examined.
func Unexamined(at Place, todo Text, en, ja string, args ...any) Outcome {
	return Outcome{Status: NotExamined, Place: at, Observed: Say(en, ja, args...), Todo: todo}
}

// WithTodo gives the outcome its own advice.
func (o Outcome) WithTodo(en, ja string, args ...any) Outcome {
	o.Todo = Say(en, ja, args...)
	return o
}

// Worst is the answer of several: one failure fails; one gap leaves a gap.
func Worst(outcomes []Outcome) Status {
	status := Pass
	for _, o := range outcomes {
		switch o.Status {
		case Fail:
			return Fail
		case NotExamined:
			status = NotExamined
		}
	}
	return status
}
