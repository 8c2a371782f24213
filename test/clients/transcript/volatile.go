package transcript

import (
	"fmt"
	"regexp"
	"strings"
)

// volatile are the values that every run has anew. The part that differs is the
// first group, or all of it.
var volatile = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"digest", regexp.MustCompile(`sha256:[0-9a-f]{64}`)},
	{"uuid", regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)},
	{"session", regexp.MustCompile(`ecs-execute-command-[a-z0-9]{20,}`)},
	{"id", regexp.MustCompile(`\b[0-9a-f]{32}(?:-\d+)?\b`)},
	{"resource", regexp.MustCompile(`\b[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}\b`)},
	{"deployment", regexp.MustCompile(`\becs-svc/(\d{10,})\b`)},
	{"service", regexp.MustCompile(`\bservice-(?:deployment|revision)/[^"/]+/[^"/]+/([A-Za-z0-9_-]{10,})`)},
	{"balancer", regexp.MustCompile(`(?:targetgroup|app|net)/[A-Za-z0-9-]+/([0-9a-f]{16})\b`)},
	{"balanced", regexp.MustCompile(`/([0-9a-f]{16})\b`)},
	{"host", regexp.MustCompile(`-(\d{5,12})\.[a-z0-9.-]*elb\.`)},
	{"secret", regexp.MustCompile(`:secret:[^"<\s:]*-([A-Za-z0-9]{6})\b`)},
	{"principal", regexp.MustCompile(`\b(?:AROA|AIDA|AKIA|ASIA|ANPA|AGPA|AIPA)[A-Z0-9]{12,}\b`)},
	{"address", regexp.MustCompile(`\b(?:10|172|192)\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)},
	{"mac", regexp.MustCompile(`\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b`)},
	{"hostname", regexp.MustCompile(`\bip-\d+-\d+-\d+-\d+\b`)},
}

// instant is a time as XML has it.
var instant = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)

// names gives values names, in the order they are first said.
type names struct {
	said  map[string]string // value → {name}
	count map[string]int
	plain map[string]bool // what the client said first is its own, and stays
}

func newNames() *names {
	return &names{said: map[string]string{}, count: map[string]int{}, plain: map[string]bool{}}
}

// request puts names for values that were said before.
func (n *names) request(text string) string {
	return n.each(text, func(kind, value string) string {
		if name, ok := n.said[value]; ok {
			return name
		}
		n.plain[value] = true
		return value
	})
}

// answer names the values that are new, too.
func (n *names) answer(text string) string {
	return instant.ReplaceAllString(n.each(text, func(kind, value string) string {
		if n.plain[value] {
			return value
		}
		if _, ok := n.said[value]; !ok {
			n.count[kind]++
			n.said[value] = fmt.Sprintf("{%s-%d}", kind, n.count[kind])
		}
		return n.said[value]
	}), "{time}")
}

func (n *names) each(text string, name func(kind, value string) string) string {
	for _, v := range volatile {
		var out strings.Builder
		at := 0
		for _, m := range v.pattern.FindAllStringSubmatchIndex(text, -1) {
			from, to := m[0], m[1]
			if len(m) > 2 && m[2] >= 0 {
				from, to = m[2], m[3]
			}
			out.WriteString(text[at:from] + name(v.name, text[from:to]))
			at = to
		}
		text = out.String() + text[at:]
	}
	return text
}
