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
		"arn:aws:s3:::bucket/key": {Broken: "it is the ARN of neither a secret nor a parameter"},
	} {
		if got := ParseSecretRef(from); got != want {
			t.Errorf("%s: %+v", from, got)
		}
	}
}

func TestSecretRefsThatNobodyUnderstands(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:web-AbCdEf"
	for v, want := range map[string]SecretRef{
		"/web/db":                          {Store: "ssm", ID: "/web/db"},
		"arn:aws:ssm:r:1:parameter/web/db": {Store: "ssm", ID: "arn:aws:ssm:r:1:parameter/web/db"},
		arn:                                {Store: "secretsmanager", ID: arn},
		arn + ":key::":                     {Store: "secretsmanager", ID: arn, Key: "key"},
		arn + "::AWSPREVIOUS:":             {Store: "secretsmanager", ID: arn, Stage: "AWSPREVIOUS"},
		arn + ":::id":                      {Store: "secretsmanager", ID: arn, VersionID: "id"},
	} {
		if got := ParseSecretRef(v); got.Store != want.Store || got.ID != want.ID || got.Key != want.Key || got.Stage != want.Stage || got.VersionID != want.VersionID || got.Broken != "" {
			t.Errorf("%s: got %+v", v, got)
		}
	}
	for _, v := range []string{arn + ":key", arn + ":a:b:c:d", "arn:", "arn:aws:kms:r:1:key/2", "arn:aws:secretsmanager:r:1:secret"} {
		if ParseSecretRef(v).Broken == "" {
			t.Errorf("%s is no reference", v)
		}
	}
}

func FuzzParseSecretRef(f *testing.F) {
	f.Add("arn:aws:secretsmanager:us-east-1:123456789012:secret:web-AbCdEf:key::")
	f.Fuzz(func(t *testing.T, v string) {
		if ref := ParseSecretRef(v); ref.Broken == "" && ref.Store == "" {
			t.Errorf("%q: neither understood nor broken", v)
		}
	})
}
