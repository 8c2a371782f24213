package rules

import (
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img29 = review.Rule{
	ID:       "IMG-29",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Medium,
	Sources:  []string{"S1:76"},
	Title: review.Text{
		EN: "The built image holds what the CIS benchmark asks of it",
		JA: "ビルドしたイメージが CIS ベンチマークの求めを満たす",
	},
	Why: review.Text{
		EN: "Accounts without a password, two accounts with one number and files fetched unchecked are the small doors that a hardened image has closed.",
		JA: "パスワードのないアカウント、番号の重なるアカウント、検証なしに取得したファイルは、堅牢化したイメージなら閉じている小さな入口です。",
	},
	Todo: review.Text{
		EN: "Lock the password (passwd -l NAME), give each account a number of its own, use COPY for files and ADD --checksum for what comes from a URL.",
		JA: "パスワードを無効にし(passwd -l NAME)、番号は一意にし、ファイルには COPY を、URL には ADD --checksum を使ってください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartImage}, Run: img29Image},
		{Needs: []review.Part{review.PartDockerfile}, Run: img29Dockerfile},
	},
}

func img29Image(s *review.Subject) (out []review.Outcome) {
	i := s.Image.Value
	users, ok := accounts(i)
	first := map[string]string{}
	for _, u := range users {
		if other, twice := first[u.uid]; twice && other != u.name {
			out = append(out, review.Failed(i.At(), "/etc/passwd: %s and %s have the same number, %s", "/etc/passwd: %s と %s の番号が同じ %s", other, u.name, u.uid))
		} else {
			first[u.uid] = u.name
		}
		if u.password == "" {
			out = append(out, review.Failed(i.At(), "/etc/passwd: %s has no password", "/etc/passwd: %s にパスワードがない", u.name))
		}
	}
	if shadow := visibleFile(i, "etc/shadow"); shadow != nil {
		for line := range strings.Lines(string(shadow.Content)) {
			if fields := strings.Split(line, ":"); len(fields) > 2 && fields[1] == "" {
				out = append(out, review.Failed(i.At(), "/etc/shadow: %s has an empty password", "/etc/shadow: %s のパスワードが空", fields[0]))
			}
		}
	}
	switch {
	case len(out) > 0:
	case !ok:
		out = append(out, review.Passed(i.At(), "the image has no accounts", "イメージにアカウントはない"))
	default:
		out = append(out, review.Passed(i.At(), "accounts: %d, none without a password, none with another's number", "アカウントは %d 個で、パスワードなしも番号の重複もない", len(users)))
	}
	return out
}

// img29Dockerfile looks at ADD: it unpacks archives and fetches URLs, which is
// wanted rarely and surprises else.
func img29Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	eachCommand(d, func(command instructions.Command, _ vars) {
		c, ok := command.(*instructions.AddCommand)
		if !ok {
			return
		}
		for _, source := range c.SourcePaths {
			remote := strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://")
			git := strings.HasPrefix(source, "git@") || strings.Contains(source, ".git#") || strings.HasSuffix(source, ".git")
			switch {
			case git:
			case remote && c.Checksum == "":
				out = append(out, review.Failed(d.At(c.Location()), "ADD fetches %s without --checksum", "ADD が --checksum なしで %s を取得する", withoutUser(source)))
			case !remote && !archive.MatchString(source) && !strings.ContainsAny(source, "*$"):
				out = append(out, review.Failed(d.At(c.Location()), "ADD %s: nothing is unpacked or fetched, COPY says so", "ADD %s: 展開も取得もしないので COPY を使う", source))
			}
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "no ADD where COPY would do, and none that fetches unchecked", "COPY で足りる ADD も、検証なしに取得する ADD もない"))
	}
	return out
}

// withoutUser is a URL without the user and password it may have.
func withoutUser(source string) string {
	scheme, rest, _ := strings.Cut(source, "://")
	host, file, _ := strings.Cut(rest, "/")
	return scheme + "://" + host[strings.LastIndexByte(host, '@')+1:] + "/" + file
}

var archive = regexp.MustCompile(`\.(tar|tar\.\w+|tgz|tbz2?|txz|gz|bz2|xz|zst)$`)
