package secret

import "testing"

func TestLooks(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		want        Kind
	}{
		{"DB_PASSWORD", "correct-horse", Password},
		{"dbPassword", "correct-horse", Password},
		{"API_KEY", "0f9a8b7c", Password},
		{"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", AccessKey},
		{"WHATEVER", "AKIAIOSFODNN7EXAMPLE", AWSKeyID},
		{"WHATEVER", "-----BEGIN RSA PRIVATE KEY-----\nMII", PrivateKey},
		{"DATABASE_URL", "postgres://app:s3cr3t@db.internal:5432/app", URL},
		{"X", "ghp_0123456789abcdefghijABCDEFGHIJ012345", Token},
		{"X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", JWT},

		{"TOKEN_TTL", "300", None},
		{"PASSWORD_MIN_LENGTH", "12", None},
		{"DB_PASSWORD", "", None},
		{"DB_PASSWORD", "arn:aws:secretsmanager:us-east-1:123456789012:secret:web/db", None},
		{"DB_PASSWORD_FILE", "/run/secrets/db", None},
		{"API_KEY", "${API_KEY}", None},
		{"ENABLE_TOKEN", "true", None},
		{"DATABASE_URL", "postgres://db.internal:5432/app", None},
		{"DATABASE_URL", "postgres://app:${DB_PASSWORD}@db.internal/app", None},
		{"TOKEN_ENDPOINT", "https://auth.example.com/token", None},
		{"AUTH_TOKEN", "https://auth.example.com/token", None},
		{"LOG_LEVEL", "info", None},
		{"KEY", "value", None},
		{"PARTITION_KEY", "customer_id", None},
		{"PUBLIC_KEY", "-----BEGIN PUBLIC KEY-----", None},
	} {
		if got := Looks(tc.name, tc.value); got != tc.want {
			t.Errorf("%s=%s: %q, want %q", tc.name, tc.value, got, tc.want)
		}
	}
}
