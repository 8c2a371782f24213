package report

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

var update = flag.Bool("update", false, "write the golden files anew")

const evil = "<script>alert('x')</script>\x1b[2J\u202e`@team`|</style>]]>"

// sample has one of everything: findings of each severity, one half waived, one
// waived, gaps, passes, a user's rule, names that would break out.
func sample() *review.Report {
	at := func(file string, line, col int) review.Place { return review.Place{File: file, Line: line, Col: col} }
	rule := func(id string, p review.Pillar, title, titleJA string, factors ...review.Factor) *review.Rule {
		return &review.Rule{ID: id, Pillar: p, Factors: factors, Sources: []string{"S0:9"}, Title: review.Text{EN: title, JA: titleJA},
			Why: review.Say("Why %s matters.", "%s の理由です。", id), Todo: review.Say("Mend %s.", "%s を直してください。", id)}
	}
	waived := &review.Waiver{Rule: "IMG-16", Reason: "binds port 80", Owner: "web team", Expires: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)}
	borne := review.Failed(at("app:1", 0, 0), "the image runs as root", "イメージは root で動く")
	borne.Waived = waived
	half := review.Failed(at("taskdef.json", 20, 3), "container log: no limit", "コンテナ log: 上限なし")
	half.Waived = waived
	none := review.Say("not given", "指定なし")
	image := review.Say("give --image REF", "--image REF を指定してください")
	own := rule("ACME-1", review.Cost, "Cost centre is tagged", "コストセンターのタグがある")
	own.User = true
	results := []review.Result{
		{Rule: rule("CFG-05", review.Security, "Secrets come from a secret store", "秘密情報はシークレットストアから受け取る", review.Config), Status: review.Fail, Severity: review.High,
			Outcomes: []review.Outcome{
				review.Failed(at("taskdef.json", 9, 34), "container %s: DB_PASSWORD looks like a password (fingerprint 1a2b)", "コンテナ %s: DB_PASSWORD はパスワードに見える(フィンガープリント 1a2b)", evil),
				review.Failed(at("arn:aws:ecs:us-east-1:123456789012:service/main/web", 0, 0), "two running tasks hold it", "実行中の 2 タスクにある").WithTodo("Start new tasks.", "タスクを起動し直してください。"),
				review.Unexamined(review.Place{}, review.Say("allow secretsmanager:ListSecrets", "secretsmanager:ListSecrets を許可してください"), "the store could not be read", "ストアを読めなかった")}},
		{Rule: rule("IMG-16", review.Security, "The process does not run as root", "プロセスを root で動かさない"), Status: review.Fail, Severity: review.High, Waived: waived, Outcomes: []review.Outcome{borne}},
		{Rule: rule("SCL-01", review.Reliability, "Every container has a limit", "すべてのコンテナに上限がある", review.Concurrency, review.Disposability), Status: review.Fail, Severity: review.Medium,
			Outcomes: []review.Outcome{review.Failed(at("taskdef.json", 12, 3), "container app: no limit", "コンテナ app: 上限なし"), half}},
		{Rule: rule("IMG-08", review.Operations, "Packages are listed in order", "パッケージは順に並べる"), Status: review.Fail, Severity: review.Info,
			Outcomes: []review.Outcome{review.Failed(at("build/<script>/Dockerfile", 3, 1), "zip before curl", "zip が curl より前")}},
		{Rule: rule("IMG-04", review.Cost, "The image is small", "イメージは小さい"), Status: review.NotExamined, Severity: review.Low, Outcomes: []review.Outcome{review.Unexamined(review.Place{}, image, "not given", "指定なし")}},
		{Rule: rule("IMG-17", review.Security, "No setuid programs", "setuid プログラムがない"), Status: review.NotExamined, Severity: review.Low, Outcomes: []review.Outcome{review.Unexamined(review.Place{}, image, "not given", "指定なし")}},
		{Rule: rule("DSP-01", review.Reliability, "SIGTERM reaches the process", "SIGTERM がプロセスに届く", review.Disposability), Status: review.Pass, Severity: review.High, Outcomes: []review.Outcome{review.Passed(at("Dockerfile", 7, 1), "exec form", "exec 形式")}},
		{Rule: own, Status: review.Fail, Severity: review.Medium, Outcomes: []review.Outcome{review.Failed(at("taskdef.json", 1, 1), "no tag CostCenter", "CostCenter タグがない")}},
	}
	r := &review.Report{Version: "1.2.3", At: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), Results: results, FailOn: review.Low,
		Inputs: []review.Input{{Part: review.PartTaskDef, Name: "taskdef.json", Read: true}, {Part: review.PartDockerfile, Name: "Dockerfile", Read: true},
			{Part: review.PartImage, Why: none, How: image}, {Part: review.PartLive, Name: "123456789012", Why: review.Say("AccessDenied", "権限がありません")}},
		Notes: []review.Note{{Title: review.Say("Cost", "費用"), Lines: []review.Text{review.Say("$12.34 a month <b>", "月額 $12.34 <b>")}}}}
	r.Verdict, r.Count = review.Judge(r.Results, r.FailOn)
	return r
}

func write(t testing.TB, format string, r *review.Report, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, r, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		opt    Options
	}{
		"terminal-en.txt":  {"terminal", Options{Lang: review.English}},
		"terminal-ja.txt":  {"terminal", Options{Lang: review.Japanese, Width: 60, Verbose: true}},
		"terminal-col.txt": {"terminal", Options{Lang: review.English, Color: true, Width: 80}},
		"report.json":      {"json", Options{}},
		"report.sarif":     {"sarif", Options{Lang: review.English, Verbose: true}},
		"junit-en.xml":     {"junit", Options{Lang: review.English}},
		"comment-en.md":    {"markdown", Options{Lang: review.English}},
		"comment-ja.md":    {"markdown", Options{Lang: review.Japanese, Verbose: true}},
		"page.html":        {"html", Options{Lang: review.Japanese}},
	} {
		got := write(t, c.format, sample(), c.opt)
		if *update {
			if err := os.WriteFile("testdata/"+name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile("testdata/" + name)
		if err != nil || got != string(want) {
			t.Errorf("%s is not as it was (%v); look at it with -update", name, err)
		}
	}
}

// The least that any report may be: nothing asked, nothing given.
func TestEmpty(t *testing.T) {
	for _, format := range Formats() {
		for _, r := range []*review.Report{{Verdict: review.Ready}, {Verdict: review.Unknown, Results: []review.Result{{Rule: &review.Rule{ID: "X-1"}, Status: review.Pass}}}} {
			if got := write(t, format, r, Options{}); got == "" {
				t.Errorf("%s: nothing", format)
			}
		}
	}
	if err := Write(&bytes.Buffer{}, "pdf", sample(), Options{}); err == nil {
		t.Error("an unknown format is refused")
	}
}

// What users name things has no power over terminals and comments.
func TestNamesHaveNoPower(t *testing.T) {
	for _, lang := range []review.Lang{review.English, review.Japanese} {
		for format, forbidden := range map[string][]string{
			"terminal": {"\x1b", "\u202e"}, "markdown": {"<script>", "\x1b", "\u202e", "@team", "|</"}, "html": {"<script>alert", "\x1b", "\u202e"},
			"junit": {"<script>", "\x1b"},
		} {
			got := write(t, format, sample(), Options{Lang: lang, Verbose: true})
			if format == "markdown" { // in code, nothing has power
				got = strings.ReplaceAll(got, "`build/<script>/Dockerfile:3:1`", "")
			}
			for _, bad := range forbidden {
				if strings.Contains(got, bad) {
					t.Errorf("%s: %q comes through", format, bad)
				}
			}
		}
	}
}

func TestVerdictFirstAndLast(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(write(t, "terminal", sample(), Options{})), "\n")
	last := lines[len(lines)-2:]
	if !strings.HasPrefix(lines[0], "NOT READY") || last[0] != lines[0] || last[1] != "Next: hatoba review explain CFG-05" {
		t.Errorf("%q … %q", lines[0], last)
	}
}

// Only what `hatoba review explain` knows is named as the next thing to type.
func TestNextIsAnswered(t *testing.T) {
	for id, want := range map[string]bool{"CFG-05": true, "EXT-TRIVY-CVE-2026-0001": false} {
		r := &review.Report{Results: []review.Result{{Rule: &review.Rule{ID: id}, Status: review.Fail, Outcomes: []review.Outcome{{Status: review.Fail}}}}}
		if got := next(r); got.IsZero() == want {
			t.Errorf("%s: %q", id, got.EN)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"one two three", 8, "one two|three"}, {"one", 0, "one"}, {"averyverylongword x", 5, "averyverylongword|x"}, {"", 5, ""},
		{"タスクを起動してください。", 10, "タスクを起|動してくだ|さい。"}, {"あいうえお。", 10, "あいうえ|お。"},
	} {
		if got := strings.Join(wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two 三四。", 7)
	f.Fuzz(func(t *testing.T, s string, width int) {
		text := printable(s)
		if got := strings.Join(wrap(text, width), ""); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%q became %q", text, got)
		}
	})
}
