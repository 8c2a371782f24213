package review

import "testing"

func TestParseSecretRef(t *testing.T) {
	for from, want := range map[string]SecretRef{
		"/web/key": {Store: "ssm", ID: "/web/key", Name: "/web/key"},
		"arn:aws:ssm:us-east-1:123456789012:parameter/web/key": {Store: "ssm", Region: "us-east-1", Account: "123456789012",
			ID: "arn:aws:ssm:us-east-1:123456789012:parameter/web/key", Name: "web/key"},
		"arn:aws:secretsmanager:us-east-1:123456789012:secret:web/db-AbCdEf": {Store: "secretsmanager", Region: "us-east-1", Account: "123456789012",
			ID: "arn:aws:secretsmanager:us-east-1:123456789012:secret:web/db-AbCdEf", Name: "web/db-AbCdEf"},
		"arn:aws:secretsmanager:us-east-1:123456789012:secret:web:password:AWSPREVIOUS:": {Store: "secretsmanager", Region: "us-east-1", Account: "123456789012",
			ID: "arn:aws:secretsmanager:us-east-1:123456789012:secret:web", Name: "web", Key: "password", Stage: "AWSPREVIOUS"},
		"arn:aws:s3:::bucket/key": {},
	} {
		if got := ParseSecretRef(from); got != want {
			t.Errorf("%s: %+v", from, got)
		}
	}
}

func FuzzParseSecretRef(f *testing.F) {
	f.Add("arn:aws:secretsmanager:us-east-1:123456789012:secret:web")
	f.Fuzz(func(_ *testing.T, from string) { ParseSecretRef(from) })
}
