package rules

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

// sortedKeys are a map's keys in order, so that answers keep theirs.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func secretEnvFile(base string) bool { return secret.EnvFile(base) && strings.HasPrefix(base, ".env") }

func cfg03Image(s *review.Subject) (out []review.Outcome) {
	i := s.Image.Value
	seen := map[string]bool{} // one secret is told once, however often the image says it
	tell := func(where, ja, name, value string, kind secret.Kind) {
		print := s.Print(value)
		if kind == secret.None || seen[name+print] {
			return
		}
		seen[name+print] = true
		out = append(out, review.Failed(i.At(), "%[1]s: %[3]s looks like %[4]s (fingerprint %[5]s)", "%[2]s: %[3]s は秘密情報に見える(%[4]s、フィンガープリント %[5]s)", where, ja, name, kind, print))
	}
	for _, e := range i.Config.Config.Env {
		name, value, _ := strings.Cut(e, "=")
		tell("ENV", "ENV", name, value, secret.Looks(name, value))
	}
	for _, name := range sortedKeys(i.Config.Config.Labels) {
		value := i.Config.Config.Labels[name]
		tell("label", "ラベル", name, value, secret.Looks(name, value))
	}
	for _, h := range i.Config.History {
		for _, p := range historyPairs(h.CreatedBy) {
			tell("history", "履歴", p[0], p[1], secret.Looks(p[0], p[1]))
		}
	}
	for _, f := range i.Files {
		if f.Content == nil || fixture.MatchString("/"+f.Path) {
			continue
		}
		where, ja := "/"+f.Path, "/"+f.Path
		if f.Hidden {
			where, ja = where+", which a later layer hides and the image still carries", ja+"(後のレイヤーで隠れているが、イメージには残っている)"
		}
		for _, p := range filePairs(f.Path, string(f.Content)) {
			tell(where, ja, p[0], p[1], secret.Looks(p[0], p[1]))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(i.At(), "no secret in %d environment variables, %d history lines and the files that hold such", "環境変数 %d 個、履歴 %d 行、秘密情報を持ちがちなファイルに秘密情報はない",
			len(i.Config.Config.Env), len(i.Config.History)))
	}
	return out
}

// fixture are places where libraries keep what they test and show with.
var fixture = regexp.MustCompile(`(?i)/(test|tests|testdata|__tests__|fixtures?|examples?|samples?|spec|doc|docs|node_modules|site-packages|dist-packages|gems)/|^/usr/share/|/certdata/|snakeoil`)

// historyPairs are the names and values that a line of history tells: build
// arguments (|2 A=x B=y /bin/sh -c …), ENV and ARG, and every word of its own.
func historyPairs(line string) (out [][2]string) {
	line = strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(line, "/bin/sh -c #(nop)")), "RUN ")
	words := strings.Fields(line)
	named := strings.HasPrefix(line, "|") || strings.HasPrefix(line, "ENV ") || strings.HasPrefix(line, "ARG ") || strings.HasPrefix(line, "LABEL ")
	for _, w := range words {
		if w == "/bin/sh" { // from here on it is the command
			named = false
		}
		name, value, ok := strings.Cut(w, "=")
		if named && ok {
			out = append(out, [2]string{name, strings.Trim(value, `"'`)})
		} else if secret.Value(w) != secret.None {
			out = append(out, [2]string{"a word of a command", strings.Trim(w, `"'`)})
		}
	}
	return out
}

var (
	assigned   = regexp.MustCompile(`(?m)^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*["']?([^"'\r\n]*?)["']?\s*$`)
	npmToken   = regexp.MustCompile(`(?m)(_authToken|_auth|_password)\s*=\s*["']?([^"'\s$]+)`)
	dockerAuth = regexp.MustCompile(`"auth"\s*:\s*"([^"]+)"`)
	netrc      = regexp.MustCompile(`\bpassword\s+(\S+)`)
	gitURL     = regexp.MustCompile(`https?://[^\s/@:]+:[^\s/@]+@\S+`)
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)
)

// filePairs are the names and values that a file holds which is known to hold
// such.
func filePairs(file, text string) (out [][2]string) {
	base := file[strings.LastIndexByte(file, '/')+1:]
	add := func(re *regexp.Regexp, name string) {
		for _, m := range re.FindAllStringSubmatch(text, 100) {
			if len(m) == 3 {
				out = append(out, [2]string{m[1], m[2]})
			} else {
				out = append(out, [2]string{name, m[len(m)-1]})
			}
		}
	}
	switch {
	case privateKey.MatchString(text):
		out = append(out, [2]string{"the file", text})
	case secret.EnvFile(base) || base == ".pypirc" || base == ".my.cnf" || strings.HasSuffix(file, ".aws/credentials"):
		add(assigned, "")
	case base == ".npmrc":
		for _, m := range npmToken.FindAllStringSubmatch(text, 100) {
			out = append(out, [2]string{"npm_token", m[2]})
		}
	case strings.HasSuffix(file, ".docker/config.json"):
		add(dockerAuth, "registry_password")
	case base == ".netrc":
		add(netrc, "netrc_password")
	case strings.HasSuffix(file, ".git/config") || base == ".git-credentials":
		add(gitURL, "the remote's URL")
	}
	return out
}
