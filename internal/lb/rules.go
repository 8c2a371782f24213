package lb

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// rule is a Rule with its groups found.
type rule struct {
	*Rule
	action action
	conds  []condition
}

type condition struct {
	*Condition
	header []byte // in lower case
	values []string
	query  []QueryPair
}

// action is an Action with its groups found.
type action struct {
	*Action
	groups []share
	total  int // of the weights
}

type share struct {
	group  *group
	weight int
	hash   uint64
}

func (p *Plane) compileRule(s *serving, r *Rule) rule {
	out := rule{Rule: r, action: p.compileAction(s, &r.Action)}
	for i := range r.Conditions {
		c := &r.Conditions[i]
		k := condition{Condition: c, header: []byte(strings.ToLower(c.Header)), values: c.Values}
		if c.Field == HostHeader || c.Field == HTTPHeader {
			k.values = nil
			for _, v := range c.Values {
				k.values = append(k.values, strings.ToLower(v))
			}
		}
		for _, q := range c.Query {
			k.query = append(k.query, QueryPair{strings.ToLower(q.Key), strings.ToLower(q.Value)})
		}
		out.conds = append(out.conds, k)
	}
	return out
}

func (p *Plane) compileAction(s *serving, a *Action) action {
	out := action{Action: a}
	if a.Forward == nil {
		return out
	}
	for _, w := range a.Forward.Groups {
		weight := w.Weight
		if len(a.Forward.Groups) == 1 && weight > 0 {
			weight = 1
		}
		g := p.group(w.Group)
		out.groups = append(out.groups, share{g, weight, p.hash(w.Group)})
		out.total += weight
		s.groups = append(s.groups, g)
	}
	return out
}

// match finds the first rule that a request fulfils; nil is the default.
func (s *serving) match(h *head, client netip.Addr) *rule {
	for i := range s.rules {
		if s.rules[i].match(h, client) {
			return &s.rules[i]
		}
	}
	return nil
}

func (r *rule) match(h *head, client netip.Addr) bool {
	for i := range r.conds {
		if !r.conds[i].match(h, client) {
			return false
		}
	}
	return true
}

func (c *condition) match(h *head, client netip.Addr) bool {
	switch c.Field {
	case HostHeader:
		return c.matchText(hostName(h.bytes(h.host)), true)
	case PathPattern:
		return c.matchText(h.bytes(h.path), false)
	case HTTPMethod:
		method := h.bytes(h.method)
		for _, v := range c.values {
			if v == string(method) {
				return true
			}
		}
	case HTTPHeader:
		for i := range h.fields {
			if equalFold(h.bytes(h.fields[i].name), string(c.header)) && c.matchText(h.bytes(h.fields[i].value), true) {
				return true
			}
		}
	case QueryString:
		return c.matchQuery(h.bytes(h.query))
	case SourceIP:
		for _, p := range c.Sources {
			if p.Contains(client) {
				return true
			}
		}
	}
	return false
}

func (c *condition) matchText(text []byte, fold bool) bool {
	for _, v := range c.values {
		if glob(v, text, fold) {
			return true
		}
	}
	for _, r := range c.Regexes {
		if r.Match(text) {
			return true
		}
	}
	return false
}

func (c *condition) matchQuery(query []byte) bool {
	for len(query) > 0 {
		pair := query
		if i := bytes.IndexByte(query, '&'); i >= 0 {
			pair, query = query[:i], query[i+1:]
		} else {
			query = nil
		}
		key, value, _ := bytes.Cut(pair, []byte("="))
		for _, q := range c.query {
			if (q.Key == "" || glob(q.Key, key, true)) && glob(q.Value, value, true) {
				return true
			}
		}
	}
	return false
}

// glob matches a pattern in which * is any text and ? any character. With fold
// the pattern is in lower case. Its time is at most the product of the lengths.
func glob(pattern string, text []byte, fold bool) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		c := text[t]
		if fold {
			c = lowerByte[c]
		}
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == c):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// hostName is a host without its port.
func hostName(host []byte) []byte {
	if len(host) > 0 && host[0] == '[' {
		if i := bytes.IndexByte(host, ']'); i > 0 {
			return host[:i+1]
		}
		return host
	}
	if i := bytes.IndexByte(host, ':'); i >= 0 {
		return host[:i]
	}
	return host
}

// group chooses by weight; nil when every weight is 0.
func (a *action) group() *share {
	if a.total == 0 {
		return nil
	}
	if len(a.groups) == 1 {
		return &a.groups[0]
	}
	n := rand.IntN(a.total)
	for i := range a.groups {
		if n -= a.groups[i].weight; n < 0 {
			return &a.groups[i]
		}
	}
	return nil
}

// location is where a redirect sends a request.
func (r *Redirect) location(h *head, secure bool, port uint16) string {
	protocol := "http"
	if secure {
		protocol = "https"
	}
	at := strconv.Itoa(int(port))
	path := strings.TrimPrefix(h.text(h.path), "/")
	fill := strings.NewReplacer("#{protocol}", protocol, "#{host}", string(hostName(h.bytes(h.host))),
		"#{port}", at, "#{path}", path, "#{query}", h.text(h.query))
	part := func(given, kept string) string {
		if given == "" {
			given = kept
		}
		return fill.Replace(given)
	}
	var b strings.Builder
	b.WriteString(strings.ToLower(part(r.Protocol, "#{protocol}")))
	b.WriteString("://")
	b.WriteString(part(r.Host, "#{host}"))
	b.WriteString(":")
	b.WriteString(part(r.Port, "#{port}"))
	b.WriteString(part(r.Path, "/#{path}"))
	if query := part(r.Query, "#{query}"); query != "" {
		b.WriteString("?")
		b.WriteString(query)
	}
	return b.String()
}

// rewrite does a rule's transforms on a text.
func rewrite(text string, by []Rewrite) string {
	for _, r := range by {
		loc := r.Regex.FindStringSubmatchIndex(text)
		if loc == nil {
			continue
		}
		out := append([]byte(text[:loc[0]]), r.Regex.ExpandString(nil, braced(r.Replace), text, loc)...)
		text = string(append(out, text[loc[1]:]...))
	}
	return text
}

// braced makes $1a mean ${1}a, as AWS reads it.
func braced(replace string) string {
	var b strings.Builder
	for i := 0; i < len(replace); i++ {
		if replace[i] == '$' && i+1 < len(replace) && digit(replace[i+1]) {
			b.WriteString("${" + replace[i+1:i+2] + "}")
			i++
			continue
		}
		b.WriteByte(replace[i])
	}
	return b.String()
}

const day = 24 * time.Hour
