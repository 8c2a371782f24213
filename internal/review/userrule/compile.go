package userrule

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"github.com/hatoba/hatoba/internal/review"
)

// maxCost bounds an evaluation, in CEL's own unit: some ten looks at each file
// of a large image. A rule that loops over files within files ends here.
const maxCost = 5_000_000

// maxMessages bounds what one rule says.
const maxMessages = 100

// Compile makes rules of definitions. Each expression that is no CEL, or that
// looks at a part its rule does not need, is refused with its place.
func Compile(definitions []Definition) ([]*review.Rule, error) {
	var rules []*review.Rule
	var errs []error
	for _, d := range definitions {
		program, err := compile(d)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: rule %s: %w", d.At, d.Rule.ID, err))
			continue
		}
		r := d.Rule
		if r.Why.IsZero() {
			r.Why = d.Message
		}
		r.Checks = []review.Check{{Needs: d.Needs, Run: func(s *review.Subject) []review.Outcome { return ask(s, d, program) }}}
		rules = append(rules, &r)
	}
	return rules, errors.Join(errs...)
}

func compile(d Definition) (cel.Program, error) {
	options := []cel.EnvOption{cel.OptionalTypes(), ext.Strings(), ext.Sets(), ext.Lists()}
	for _, p := range d.Needs {
		options = append(options, cel.Variable(string(p), cel.DynType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(d.Expression)
	if issues.Err() != nil {
		var said []string
		for _, e := range issues.Errors() {
			said = append(said, fmt.Sprintf("character %d of the expression: %s", e.Location.Column()+1, e.Message))
		}
		return nil, errors.New(strings.Join(said, "; "))
	}
	switch t := ast.OutputType(); {
	case t.IsExactType(cel.BoolType), t.Kind() == types.DynKind:
	case t.Kind() == types.ListKind && (t.Parameters()[0].Kind() == types.StringKind || t.Parameters()[0].Kind() == types.DynKind):
	default:
		return nil, fmt.Errorf("the expression gives %s; a bool (true: it holds) or a list of strings (each a finding) is asked for", t)
	}
	return env.Program(ast, cel.CostLimit(maxCost))
}

// ask evaluates the expression. What cannot be evaluated has examined nothing.
func ask(s *review.Subject, d Definition, program cel.Program) []review.Outcome {
	place := placeOf(s, d.Needs[0])
	value, _, err := program.Eval(facts(s, d.Needs))
	if err != nil {
		return []review.Outcome{unevaluated(s, d, err.Error())}
	}
	switch v := value.(type) {
	case types.Bool:
		if v == types.True {
			return []review.Outcome{review.Passed(place, "the expression is true", "式は true")}
		}
		return []review.Outcome{{Status: review.Fail, Place: place, Observed: d.Message}}
	case traits.Lister:
		messages, ok := list(v)
		if !ok {
			break
		}
		if len(messages) == 0 {
			return []review.Outcome{review.Passed(place, "the expression's list is empty", "式のリストは空")}
		}
		return findings(place, d, messages)
	}
	return []review.Outcome{unevaluated(s, d, fmt.Sprintf("it gave %s, not a bool or a list of strings", value.Type().TypeName()))}
}

func list(l traits.Lister) (out []string, ok bool) {
	for i := l.Iterator(); i.HasNext() == types.True; {
		text, ok := ref.Val(i.Next()).(types.String)
		if !ok {
			return nil, false
		}
		out = append(out, string(text))
	}
	return out, true
}

func findings(place review.Place, d Definition, messages []string) (out []review.Outcome) {
	for i, m := range messages {
		if i == maxMessages {
			return append(out, review.Failed(place, "and %d more", "ほか %d 件", len(messages)-i))
		}
		out = append(out, review.Failed(place, "%[1]s: %[3]s", "%[2]s: %[3]s", d.Message.EN, d.Message.JA, m))
	}
	return out
}

// unevaluated says why; of live reads that failed, also which.
func unevaluated(s *review.Subject, d Definition, why string) review.Outcome {
	o := review.Unexamined(d.At,
		review.Say(`ask has(x.y) first, or write x.?y.orValue(…), where a field may be missing`, `フィールドがない場合があるなら has(x.y) を先に確かめるか、x.?y.orValue(…) と書いてください`),
		"the expression could not be evaluated: %s", "式を評価できなかった: %s", why)
	for _, p := range d.Needs {
		if p != review.PartLive {
			continue
		}
		for _, unread := range unreadLive(s.Live.Value) {
			if strings.Contains(why, "no such key: "+unread.name) {
				o.Observed = review.Say("live.%[1]s was not read: %[2]s", "live.%[1]s を読めなかった: %[3]s", unread.name, unread.why.EN, unread.why.JA)
				o.Todo = unread.how
			}
		}
	}
	return o
}
