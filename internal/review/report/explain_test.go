package report

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hatoba/hatoba/internal/review"
)

const pair = `-- bad/Dockerfile --
FROM scratch
CMD x
-- bad/want --
fail Dockerfile:2:1 shell form
-- good-exec/Dockerfile --
FROM scratch
CMD ["x"]
-- good-exec/want --
pass Dockerfile:2:1 exec form
-- good-other/want --
pass other
-- bad-image/image.json --
{}
`

func TestExplain(t *testing.T) {
	r := sample().Results[2].Rule
	r.Checks = []review.Check{{Needs: []review.Part{review.PartImage, review.PartTaskDef}}, {Needs: []review.Part{review.PartTaskDef}}}
	for lang, want := range map[review.Lang]string{review.English: `SCL-01  Every container has a limit

  severity       info
  pillar         Reliability
  twelve-factor  VIII Concurrency, IX Disposability
  looks at       taskdef image
  sources        S0:9
  page           https://github.com/hatoba/hatoba/blob/main/docs/rules/SCL-01.md

Why
  Why SCL-01 matters.

What to do
  Mend SCL-01.

Bad
  ── Dockerfile
  FROM scratch
  CMD x
  ── the review says
  ▸ fail Dockerfile:2:1 shell form

Good
  ── Dockerfile
  FROM scratch
  CMD ["x"]
  ── the review says
  ▸ pass Dockerfile:2:1 exec form
`} {
		var b bytes.Buffer
		if err := Explain(&b, r, txtar.Parse([]byte(pair)), Options{Lang: lang}); err != nil || b.String() != want {
			t.Errorf("%v\n%s", err, b.String())
		}
	}
	var b bytes.Buffer
	if err := Explain(&b, &review.Rule{ID: "ACME-1", User: true}, nil, Options{Lang: review.Japanese}); err != nil || strings.Contains(b.String(), "悪い例") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestList(t *testing.T) {
	var b bytes.Buffer
	rules := []*review.Rule{sample().Results[0].Rule, sample().Results[2].Rule}
	rules[0].Severity = review.High
	if err := List(&b, rules, Options{Lang: review.Japanese}); err != nil {
		t.Fatal(err)
	}
	const want = "CFG-05  高    SEC  III       秘密情報はシークレットストアから受け取る\nSCL-01  情報  REL  VIII, IX  すべてのコンテナに上限がある\n"
	if b.String() != want {
		t.Errorf("%s\n%s", b.String(), want)
	}
}
