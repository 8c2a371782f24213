package rules

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var sec05 = review.Rule{
	ID:       "SEC-05",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.BackingServices},
	Severity: review.Medium,
	Sources:  []string{"S2-SD"},
	Title: review.Text{
		EN: "Other services are found by name, not by a fixed IP address",
		JA: "他のサービスは固定 IP ではなく名前で見つける",
	},
	Why: review.Text{
		EN: "Tasks and databases get another address with every replacement. A name follows them, a number does not.",
		JA: "タスクやデータベースの IP アドレスは入れ替わるたびに変わります。名前は追従しますが、番号は追従しません。",
	},
	Todo: review.Text{
		EN: "Write the DNS name of the load balancer, of service discovery or of the endpoint.",
		JA: "ロードバランサー、サービスディスカバリ、エンドポイントの DNS 名を書いてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: sec05TaskDef},
		{Needs: []review.Part{review.PartSource}, Run: sec05Source},
	},
}

func sec05TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		for j, e := range c.Environment {
			if addressList.MatchString(str(e.Name)) {
				continue // who may come in, or what goes around the proxy: addresses by nature
			}
			if ip := privateHost(str(e.Value)); ip != "" {
				out = append(out, review.Failed(td.At("containerDefinitions", i, "environment", j, "value"), "container %s: %s names the address %s", "コンテナ %s: %s がアドレス %s を指している", str(c.Name), str(e.Name), ip))
			}
		}
		for j, h := range c.ExtraHosts {
			if ip, err := netip.ParseAddr(str(h.IpAddress)); err == nil && !ip.IsLoopback() && !ip.IsUnspecified() {
				out = append(out, review.Failed(td.At("containerDefinitions", i, "extraHosts", j), "container %s: extraHosts ties %s to %s", "コンテナ %s: extraHosts が %s を %s に固定している", str(c.Name), str(h.Hostname), ip))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no environment value names a private IP address", "プライベート IP アドレスを指す environment の値はない"))
	}
	return out
}

var (
	addressList = regexp.MustCompile(`(?i)no_?proxy|cidr|subnet|network|trusted|allow|deny|whitelist|block|range|bind|listen`)
	hostInValue = regexp.MustCompile(`^(?:[a-z][a-z0-9+.-]*://(?:[^@/\s]*@)?)?(\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?(?:[/?].*)?$`)
	mask        = regexp.MustCompile(`^[\d.]+/\d{1,2}$`)
)

// privateHost is the address of a private network that a value, or the URL in
// it, points to. Loopback and link-local addresses (the task itself, its
// metadata) are not meant.
func privateHost(value string) string {
	for _, part := range strings.Split(value, ",") {
		m := hostInValue.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil || mask.MatchString(part) {
			continue
		}
		if ip, err := netip.ParseAddr(m[1]); err == nil && ip.IsPrivate() {
			return m[1]
		}
	}
	return ""
}

// fixedText is a whole literal that is a private address, or a URL of one:
// networks (10.0.0.0/8) and version numbers are none.
var (
	fixedText = regexp.MustCompile(`["'` + "`" + `](?:[a-z][a-z+]*://(?:[^@/\s"']*@)?)?((?:10|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.64)(?:\.\d{1,3}){2,3})(?::\d+)?(?:/[A-Za-z][^\s"']*|/)?["'` + "`" + `]`)
	fourParts = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
)

func sec05Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	files := code.Files(src)
	if len(files) == 0 {
		return noCode(src)
	}
	for _, h := range code.Grep(files, fixedText) {
		if fourParts.MatchString(h.Text[1]) {
			out = append(out, review.Failed(src.Place(h.Path, h.Line), "the address %s stands in the code", "コードに IP アドレス %s がある", h.Text[1]))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "no private address in the code", "コードにプライベート IP アドレスはない"))
	}
	return out
}
