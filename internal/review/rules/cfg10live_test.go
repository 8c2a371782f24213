package rules

import (
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/reviewtest"
)

func TestCFG10Live(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:web/db-AbCdEf"
	for _, c := range []struct {
		from, secret string
		want         review.Status
		says         string
	}{
		{arn + ":password::", `{"Exists": true, "Readable": true, "JSON": true, "Keys": ["password"]}`, review.Pass, "has the key password"},
		{arn + ":pass::", `{"Exists": true, "Readable": true, "JSON": true, "Keys": ["password", "user"]}`, review.Fail, "no key pass (it has password, user)"},
		{arn + ":pass::", `{"Exists": true, "Readable": true}`, review.Fail, "no JSON object"},
		{arn, `{"Exists": true, "Readable": true, "JSON": true, "Keys": ["password"]}`, review.Fail, "whole JSON"},
		{arn, `{"Exists": true, "Readable": true}`, review.Pass, "one value"},
		{arn, `{"Exists": true, "Unread": {"en": "not allowed"}}`, review.NotExamined, "not allowed"},
		{arn, `{"why": {"en": "refused"}}`, review.NotExamined, "refused"},
		{"/web/key", `{"Exists": true}`, review.Pass, "the parameter exists"},
		{arn, `{}`, review.Fail, "does not exist"},
	} {
		s, err := reviewtest.Subject(map[string][]byte{
			"taskdef.json": []byte(`{"containerDefinitions": [{"secrets": [{"name": "DB_PASSWORD", "valueFrom": "` + c.from + `"}]}]}`),
			"live.json":    []byte(`{"Secrets": {"` + c.from + `": ` + c.secret + `}}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		got := cfg10Live.Run(s)
		if len(got) != 1 || got[0].Status != c.want || !strings.Contains(got[0].Observed.EN, c.says) {
			t.Errorf("%s %s: %+v", c.from, c.secret, got)
		}
	}
}
