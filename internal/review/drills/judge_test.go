package drills

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/review"
)

// answers are proofs as rule=status, in order; every text is whole in both
// languages.
func answers(t *testing.T, proofs []review.Proof) string {
	t.Helper()
	var out []string
	for _, p := range proofs {
		out = append(out, p.Rule+"="+string(p.Status))
		for _, text := range []review.Text{p.Observed, p.Todo} {
			for _, words := range []string{text.EN, text.JA} {
				if strings.Contains(words, "%!") || (words == "") != text.IsZero() {
					t.Errorf("%s: %q", p.Rule, words)
				}
			}
		}
		if p.Status == review.NotExamined && p.Todo.IsZero() {
			t.Errorf("%s: not examined, and no way on", p.Rule)
		}
	}
	return strings.Join(out, " ")
}

func TestJudgeStop(t *testing.T) {
	const s = time.Second
	end := func(code int32, took time.Duration) []ended {
		return []ended{{name: "web", code: aws.Int32(code), took: took, patience: 10 * s}}
	}
	answered := []flight{{-s, -s / 2, true, 200, ""}, {-s, 2 * s, true, 200, ""}, {s, s, false, 0, "connection refused"}}
	dropped := []flight{{-s, s / 100, true, 0, "EOF"}, {-s / 2, s / 100, true, 0, "EOF"}}
	closing := append([]flight{{s / 2, s/2 + 10*time.Millisecond, true, 0, "connection reset by peer"}}, answered...)
	for name, c := range map[string]struct {
		m    stopped
		want string
	}{
		"drained":                      {stopped{containers: end(0, 2*s), flights: answered, configured: true}, "DSP-02=pass DSP-03=pass DSP-01=pass"},
		"drained, with 143":            {stopped{containers: end(143, 2*s), flights: answered, configured: true}, "DSP-02=pass DSP-03=pass DSP-01=pass"},
		"in time with 0, and dropped":  {stopped{containers: end(0, s/100), flights: dropped, configured: true}, "DSP-02=pass DSP-03=fail DSP-01=fail"},
		"no handler of Go's: 2":        {stopped{containers: end(2, s/300), flights: dropped, configured: true}, "DSP-02=pass DSP-03=fail DSP-01=fail"},
		"deaf":                         {stopped{containers: end(137, 10*s), flights: dropped, configured: true}, "DSP-02=fail DSP-03=fail DSP-01=fail"},
		"answered, then hung":          {stopped{containers: end(137, 10*s), flights: answered, configured: true}, "DSP-02=fail DSP-03=pass DSP-01=fail"},
		"killed before its time":       {stopped{containers: end(137, s), flights: answered, configured: true}, "DSP-02=fail DSP-03=pass DSP-01=fail"},
		"cut at the door":              {stopped{containers: end(0, 2*s), flights: closing, configured: true}, "DSP-02=pass DSP-03=pass DSP-01=pass"},
		"a 500 is no answer":           {stopped{containers: end(0, 2*s), flights: []flight{{-s, s, true, 503, ""}}, configured: true}, "DSP-02=pass DSP-03=fail DSP-01=fail"},
		"slow path is quick":           {stopped{containers: end(0, s), flights: answered[:1], configured: true}, "DSP-02=pass DSP-03=not-examined DSP-01=not-examined"},
		"no slow request is known":     {stopped{containers: end(143, s), flights: answered[:1]}, "DSP-02=pass DSP-03=not-examined DSP-01=not-examined"},
		"out of reach":                 {stopped{containers: end(0, s), noFlights: review.Say("far", "遠い")}, "DSP-02=pass DSP-03=not-examined DSP-01=not-examined"},
		"out of reach, and deaf":       {stopped{containers: end(137, 10*s), noFlights: review.Say("far", "遠い")}, "DSP-02=fail DSP-03=not-examined DSP-01=fail"},
		"an end that nobody can tell":  {stopped{containers: []ended{{name: "web"}}, flights: answered, configured: true}, "DSP-02=not-examined DSP-03=pass DSP-01=pass"},
		"a sidecar that has to be":     {stopped{containers: append(end(0, 2*s), ended{name: "log", code: aws.Int32(137), took: 10 * s, patience: 10 * s}), flights: answered}, "DSP-02=pass DSP-02=fail DSP-03=pass DSP-01=fail"},
		"nothing was sent at all":      {stopped{containers: end(0, s)}, "DSP-02=pass DSP-03=not-examined DSP-01=not-examined"},
		"lost what began after a stop": {stopped{containers: end(0, 2*s), flights: append([]flight{{s / 4, 2 * s, true, 0, "EOF"}}, answered...), configured: true}, "DSP-02=pass DSP-03=fail DSP-01=fail"},
	} {
		if got := answers(t, judgeStop(c.m)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestJudgeWords(t *testing.T) {
	for name, c := range map[string]struct {
		w    words
		want review.Status
	}{
		"all there":             {words{lines: 9, after: 2, first: true, second: true, marked: true}, review.Pass},
		"requests not logged":   {words{lines: 9, after: 2, marked: true}, review.Pass},
		"a sidecar":             {words{lines: 9, after: 2}, review.Pass},
		"the last one is lost":  {words{lines: 9, after: 2, first: true, marked: true}, review.Fail},
		"nothing after":         {words{lines: 9, first: true, second: true, marked: true}, review.Fail},
		"nothing at all":        {words{}, review.Fail},
		"log goes elsewhere":    {words{unread: review.Say("a", "b"), how: review.Say("a", "b")}, review.NotExamined},
		"one marker, the later": {words{lines: 3, after: 1, second: true, marked: true}, review.Pass},
	} {
		o := judgeWords(c.w, review.Place{})
		answers(t, []review.Proof{review.Of("LOG-04", o)})
		if o.Status != c.want {
			t.Errorf("%s: %s", name, o.Status)
		}
	}
}

// of makes replies: so many good ones, so many lost.
func of(good, lost int, took time.Duration) (out []reply) {
	for range good {
		out = append(out, reply{status: 200, took: took})
	}
	for range lost {
		out = append(out, reply{status: 502})
	}
	return out
}

func TestJudgeKill(t *testing.T) {
	for name, c := range map[string]struct {
		m    killed
		want string
	}{
		"survived":         {killed{tasks: 2, back: time.Second, counted: true, replies: of(97, 3, 0), allowed: 0.05, check: []string{"check"}}, "DSP-07=pass DSP-08=pass"},
		"too many lost":    {killed{tasks: 1, back: time.Second, counted: true, replies: of(90, 10, 0), allowed: 0.05, check: []string{"check"}}, "DSP-07=pass DSP-08=fail"},
		"not back":         {killed{tasks: 2, back: -1, patience: time.Minute}, "DSP-07=not-examined DSP-08=fail"},
		"data broken":      {killed{tasks: 2, back: 1, check: []string{"check"}, checked: errors.New("exit status 1")}, "DSP-07=fail DSP-08=pass"},
		"without balancer": {killed{tasks: 2, back: 1}, "DSP-07=not-examined DSP-08=pass"},
	} {
		if got := answers(t, judgeKill(c.m)); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestJudgeRoll(t *testing.T) {
	const ms = time.Millisecond
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	whole := recorded{found: true, id: "d", started: at, finished: at.Add(time.Minute), digests: 1, images: 1}
	for name, c := range map[string]struct {
		m    rolled
		want string
	}{
		"nothing lost":   {rolled{before: of(9, 0, ms), during: of(99, 0, 3*ms), band: 250 * ms, record: whole}, "DSP-05=pass RLS-19=pass"},
		"one lost":       {rolled{before: of(9, 0, ms), during: of(99, 1, ms), band: 250 * ms, record: whole}, "DSP-05=fail RLS-19=pass"},
		"one may be":     {rolled{before: of(9, 0, ms), during: of(99, 1, ms), allowed: 0.01, band: 250 * ms, record: whole}, "DSP-05=pass RLS-19=pass"},
		"slow":           {rolled{before: of(9, 0, ms), during: of(99, 0, 300*ms), band: 250 * ms, record: whole}, "DSP-05=fail RLS-19=pass"},
		"no load":        {rolled{record: whole}, "DSP-05=not-examined RLS-19=pass"},
		"no record":      {rolled{before: of(9, 0, ms), during: of(9, 0, ms)}, "DSP-05=pass RLS-19=fail"},
		"no end":         {rolled{before: of(9, 0, ms), during: of(9, 0, ms), record: recorded{found: true, id: "d", started: at}}, "DSP-05=pass RLS-19=fail"},
		"tags only":      {rolled{before: of(9, 0, ms), during: of(9, 0, ms), record: recorded{found: true, started: at, finished: at, images: 2, digests: 1}}, "DSP-05=pass RLS-19=fail"},
		"record refused": {rolled{before: of(9, 0, ms), during: of(9, 0, ms), record: recorded{unread: review.Say("a", "b")}}, "DSP-05=pass RLS-19=not-examined"},
	} {
		if got := answers(t, judgeRoll(c.m)); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestJudgeLayers(t *testing.T) {
	file := func(path string, kind protocol.ChangeKind, bytes int64) protocol.Change {
		return protocol.Change{Path: path, Kind: kind, Bytes: bytes}
	}
	for name, c := range map[string]struct {
		before, after []protocol.Change
		want          string
	}{
		"nothing":             {nil, nil, "LOG-02=pass IMG-02=pass DSP-10=pass"},
		"temporary":           {nil, []protocol.Change{file("/tmp/a", protocol.Added, 5)}, "LOG-02=pass IMG-02=pass DSP-10=pass"},
		"temporary, growing":  {[]protocol.Change{file("/tmp/a", protocol.Added, 5)}, []protocol.Change{file("/tmp/a", protocol.Added, 9)}, "LOG-02=fail IMG-02=pass DSP-10=pass"},
		"called a log":        {nil, []protocol.Change{file("/app/server.log", protocol.Added, 5)}, "LOG-02=fail IMG-02=pass DSP-10=pass"},
		"an upload":           {nil, []protocol.Change{file("/data/upload", protocol.Added, 5)}, "LOG-02=pass IMG-02=pass DSP-10=fail"},
		"the program changed": {nil, []protocol.Change{file("/app", protocol.Modified, 5)}, "LOG-02=pass IMG-02=fail DSP-10=pass"},
		"a file removed":      {nil, []protocol.Change{file("/etc/motd", protocol.Removed, 0)}, "LOG-02=pass IMG-02=fail DSP-10=pass"},
		"a cache of its own":  {nil, []protocol.Change{file("/opt/cache/x", protocol.Added, 5)}, "LOG-02=pass IMG-02=pass DSP-10=pass"},
	} {
		m := layers{temporary: append([]string{"/opt/cache"}, temporary...), before: []protocol.SeenContainer{{Name: "web", Changes: c.before}}, after: []protocol.SeenContainer{{Name: "web", Changes: c.after}}}
		if got := answers(t, judgeLayers(m)); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	if got := answers(t, judgeLayers(layers{after: []protocol.SeenContainer{{Name: "web", Unread: "no"}}})); strings.Contains(got, "pass") {
		t.Error(got)
	}
}

func TestJudgeProcess(t *testing.T) {
	good := protocol.SeenContainer{Name: "web", UID: 65532, Variables: []protocol.Variable{{Name: "DB_PASSWORD", From: protocol.FromSecrets}, {Name: "GREETING", From: protocol.FromEnvironment}}}
	if got := answers(t, judgeProcess(good, map[string]string{"GREETING": "hello"}, review.Place{})); got != "IMG-16=pass IMG-17=pass CFG-06=pass CFG-05=pass" {
		t.Error(got)
	}
	bad := protocol.SeenContainer{Name: "web", Capabilities: []string{"CHOWN", "SYS_ADMIN"}, Variables: []protocol.Variable{
		{Name: "URL", From: protocol.FromElsewhere, Secret: "DB_PASSWORD"}, {Name: "API_TOKEN", From: protocol.FromEnvironment}}}
	if got := answers(t, judgeProcess(bad, map[string]string{"API_TOKEN": "correct horse battery staple"}, review.Place{})); got != "IMG-16=fail IMG-17=fail CFG-06=fail CFG-05=fail" {
		t.Error(got)
	}
	if got := answers(t, judgeProcess(protocol.SeenContainer{Unread: "gone"}, nil, review.Place{})); strings.Contains(got, "pass") {
		t.Error(got)
	}
}
