// Package transcript keeps what a client and Hatoba said to each other as small
// text files, and says it again.
//
// A file is a list of calls. What differs from run to run (ids, addresses)
// stands there as {id-1}: it is bound where an answer says it first, and put
// into later requests. {time} and {token} are another value every time, and
// {any} is any value at all. Calls that only read are made until the answer is
// as it was, since the client had waited too.
//
//	# how it was recorded
//	> ecs DescribeServices
//	{"cluster": "main", "services": ["web"]}
//	< 200
//	{"services": [], "failures": [{"arn": "…", "reason": "MISSING"}]}
package transcript

import (
	"bufio"
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Call is one request and its answer.
type Call struct {
	Service, Operation string
	Request            string // JSON, or a form's pairs a line
	Status             int
	Answer             string // JSON or XML
}

// Transcript is a client's conversation.
type Transcript struct {
	Comment []string
	Calls   []Call
}

// Parse reads a file.
func Parse(text []byte) (Transcript, error) {
	var t Transcript
	var into *string
	n := 0
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		n++
		switch {
		case strings.HasPrefix(line, "# ") && len(t.Calls) == 0:
			t.Comment = append(t.Comment, line[2:])
		case strings.HasPrefix(line, "> "):
			service, operation, ok := strings.Cut(line[2:], " ")
			if !ok {
				return t, fmt.Errorf("line %d: a call is > SERVICE OPERATION", n)
			}
			t.Calls = append(t.Calls, Call{Service: service, Operation: operation})
			into = &t.Calls[len(t.Calls)-1].Request
		case strings.HasPrefix(line, "< ") && len(t.Calls) > 0:
			status, err := strconv.Atoi(line[2:])
			if err != nil {
				return t, fmt.Errorf("line %d: %w", n, err)
			}
			c := &t.Calls[len(t.Calls)-1]
			c.Status, into = status, &c.Answer
		case into == nil && line != "":
			return t, fmt.Errorf("line %d: it belongs to no call", n)
		case line != "":
			*into += line + "\n"
		}
	}
	return t, lines.Err()
}

// String is the file's text.
func (t Transcript) String() string {
	var b strings.Builder
	for _, c := range t.Comment {
		fmt.Fprintf(&b, "# %s\n", c)
	}
	for _, c := range t.Calls {
		fmt.Fprintf(&b, "\n> %s %s\n%s< %d\n%s", c.Service, c.Operation, ended(c.Request), c.Status, ended(c.Answer))
	}
	return b.String()
}

func ended(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

// Operations names the operations a service was asked for, sorted, once each.
func (t Transcript) Operations() (out []string) {
	for _, c := range t.Calls {
		out = append(out, c.Service+" "+c.Operation)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reads tells whether a call changes nothing.
func (c Call) reads() bool {
	for _, verb := range []string{"Describe", "List", "Get", "BatchGet", "Filter"} {
		if strings.HasPrefix(c.Operation, verb) {
			return true
		}
	}
	return false
}

// form writes a form a pair a line, in the order of their names.
func form(values url.Values) string {
	var b strings.Builder
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name == "Action" || name == "Version" {
			continue
		}
		for _, v := range values[name] {
			fmt.Fprintf(&b, "%s = %s\n", name, strings.ReplaceAll(v, "\n", `\n`))
		}
	}
	return b.String()
}

// unform is form, backwards.
func unform(text string) url.Values {
	out := url.Values{}
	for _, line := range strings.Split(text, "\n") {
		if name, v, ok := strings.Cut(line, " = "); ok {
			out.Add(name, strings.ReplaceAll(v, `\n`, "\n"))
		}
	}
	return out
}
