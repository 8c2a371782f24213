package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Document is a parsed policy.
type Document struct {
	Version    string
	Statements []Statement
}

// Statement is one statement. Of each pair at most one is set.
type Statement struct {
	Sid                     string
	Deny                    bool
	Actions, NotActions     []string
	Resources, NotResources []string
	Principals              []Principal
	NotPrincipals           []Principal
	Conditions              []Condition
}

// Principal is one entry of a Principal element: Kind "AWS", "Service",
// "Federated" or "CanonicalUser"; of "*" alone it is {"*", "*"}.
type Principal struct{ Kind, Name string }

// Condition is one operator over one key.
type Condition struct {
	Operator string // as written: "StringLike", "ForAnyValue:StringEqualsIfExists"
	Key      string // in lower case
	Values   []string
}

// Kind is what a document is attached to: it decides which elements it has.
type Kind int

// The kinds of documents.
const (
	OfIdentity Kind = iota // of users, groups, roles, sessions: no principal
	OfTrust                // of a role: principals, no resource
	OfResource             // of a secret or a key: principals
)

// ErrMalformed is what Parse's errors are; their texts are AWS's.
var ErrMalformed = errors.New("malformed policy document")

type malformed string

func (m malformed) Error() string        { return string(m) }
func (m malformed) Is(target error) bool { return target == ErrMalformed }

func malformedf(format string, args ...any) error { return malformed(fmt.Sprintf(format, args...)) }

// maxDepth bounds nesting: a document has four levels.
const maxDepth = 16

// raw is a document as it is written. Elements are named with their letters'
// case as AWS does.
type raw struct {
	Version   string
	ID        json.RawMessage `json:"Id"`
	Statement many[rawStatement]
}

type rawStatement struct {
	Sid          string
	Effect       string
	Principal    *rawPrincipal
	NotPrincipal *rawPrincipal
	Action       many[string]
	NotAction    many[string]
	Resource     many[string]
	NotResource  many[string]
	Condition    map[string]map[string]values
}

// many is a list whose brackets may be left out when it has one element.
type many[T any] []T

func (m *many[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return strict(b, (*[]T)(m))
	}
	var one T
	if err := strict(b, &one); err != nil {
		return err
	}
	*m = many[T]{one}
	return nil
}

// values are a condition's: strings, numbers and booleans.
type values []string

func (v *values) UnmarshalJSON(b []byte) error {
	var list many[json.RawMessage]
	if err := list.UnmarshalJSON(b); err != nil {
		return err
	}
	*v = values{}
	for _, item := range list {
		var s string
		if json.Unmarshal(item, &s) != nil {
			s = string(item)
			if strings.ContainsAny(s, "{[") || s == "null" {
				return errors.New("not a value")
			}
		}
		*v = append(*v, s)
	}
	return nil
}

type rawPrincipal []Principal

func (p *rawPrincipal) UnmarshalJSON(b []byte) error {
	var star string
	if json.Unmarshal(b, &star) == nil {
		if star != "*" {
			return errors.New("not a principal")
		}
		*p = rawPrincipal{{"*", "*"}}
		return nil
	}
	var kinds map[string]many[string]
	if err := json.Unmarshal(b, &kinds); err != nil {
		return err
	}
	for kind, names := range kinds {
		for _, name := range names {
			*p = append(*p, Principal{kind, name})
		}
	}
	return nil
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more follows")
	}
	return nil
}

// Parse reads a document and checks it as AWS does when it is attached.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func Parse(text string, kind Kind) (Document, error) {
	if depth(text) > maxDepth || !json.Valid([]byte(text)) {
		return Document{}, malformedf("This policy contains invalid Json")
	}
	var r raw
	if err := strict([]byte(text), &r); err != nil || len(r.Statement) == 0 {
		return Document{}, malformedf("Syntax errors in policy.")
	}
	if r.Version == "" {
		r.Version = "2008-10-17"
	}
	if r.Version != "2012-10-17" && r.Version != "2008-10-17" {
		return Document{}, malformedf("Syntax errors in policy.")
	}
	d := Document{Version: r.Version}
	seen := map[string]bool{}
	for _, s := range r.Statement {
		if s.Sid != "" && seen[s.Sid] && kind != OfResource {
			return Document{}, malformedf("Statement IDs (SID) in a single policy must be unique.")
		}
		seen[s.Sid] = true
		statement, err := s.checked(kind)
		if err != nil {
			return Document{}, err
		}
		d.Statements = append(d.Statements, statement)
	}
	return d, nil
}

// depth is how deep brackets nest, strings left out.
func depth(text string) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

var (
	actionName = regexp.MustCompile(`^[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+$`)
	arnShape   = regexp.MustCompile(`^(arn|\*|\?)[^:]*:[^:]*:[^:]*:[^:]*:[^:]*:.+$`)
)

func (s rawStatement) checked(kind Kind) (Statement, error) {
	out := Statement{
		Sid: s.Sid, Deny: s.Effect == "Deny", Actions: s.Action, NotActions: s.NotAction,
		Resources: s.Resource, NotResources: s.NotResource,
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return out, malformedf("Syntax errors in policy.")
	}
	if len(s.Action) > 0 == (len(s.NotAction) > 0) {
		if len(s.Action) > 0 {
			return out, malformedf("Syntax errors in policy.")
		}
		return out, malformedf("Policy statement must contain actions.")
	}
	for _, action := range append(append([]string{}, s.Action...), s.NotAction...) {
		if action != "*" && !actionName.MatchString(action) {
			return out, malformedf("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	if err := s.checkResources(kind); err != nil {
		return out, err
	}
	if err := s.checkPrincipals(kind); err != nil {
		return out, err
	}
	if s.Principal != nil {
		out.Principals = *s.Principal
	}
	if s.NotPrincipal != nil {
		out.NotPrincipals = *s.NotPrincipal
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			out.Conditions = append(out.Conditions, Condition{operator, strings.ToLower(key), values})
		}
	}
	return out, nil
}

func (s rawStatement) checkResources(kind Kind) error {
	count := len(s.Resource) + len(s.NotResource)
	switch {
	case kind == OfTrust && count > 0:
		return malformedf("Has prohibited field Resource")
	case kind == OfTrust:
		return nil
	case count == 0 && kind == OfIdentity:
		return malformedf("Policy statement must contain resources.")
	case len(s.Resource) > 0 && len(s.NotResource) > 0:
		return malformedf("Syntax errors in policy.")
	}
	for _, resource := range append(append([]string{}, s.Resource...), s.NotResource...) {
		if resource != "*" && !arnShape.MatchString(resource) {
			return malformedf("Resource %s must be in ARN format or \"*\".", resource)
		}
	}
	return nil
}

func (s rawStatement) checkPrincipals(kind Kind) error {
	has := s.Principal != nil || s.NotPrincipal != nil
	switch {
	case kind == OfIdentity && has:
		return malformedf("Policy document should not specify a principal.")
	case kind == OfIdentity:
		return nil
	case !has, s.Principal != nil && s.NotPrincipal != nil:
		return malformedf("Syntax errors in policy.")
	}
	if kind == OfTrust {
		for _, action := range append(append([]string{}, s.Action...), s.NotAction...) {
			if !strings.HasPrefix(strings.ToLower(action), "sts:") {
				return malformedf("AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
	}
	return s.Principal.check()
}

var awsPrincipal = regexp.MustCompile(`^(\*|[0-9]{12}|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:.+|A[A-Z]{3}[A-Z0-9]{12,})$`)

func (p *rawPrincipal) check() error {
	if p == nil {
		return nil
	}
	for _, one := range *p {
		ok := one.Name != ""
		switch one.Kind {
		case "AWS":
			ok = awsPrincipal.MatchString(one.Name)
		case "Service":
			ok = strings.Contains(one.Name, ".")
		case "Federated", "CanonicalUser", "*":
		default:
			return malformedf("Syntax errors in policy.")
		}
		if !ok {
			return malformedf("Invalid principal in policy: %q:%q", one.Kind, one.Name)
		}
	}
	return nil
}
