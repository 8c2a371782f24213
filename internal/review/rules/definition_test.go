package rules

import "testing"

func TestParseSecretRef(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:web-AbCdEf"
	for v, want := range map[string]secretRef{
		"/web/db":                          {Store: "ssm", Base: "/web/db"},
		"arn:aws:ssm:r:1:parameter/web/db": {Store: "ssm", Base: "arn:aws:ssm:r:1:parameter/web/db"},
		arn:                                {Store: "secretsmanager", Base: arn},
		arn + ":key::":                     {Store: "secretsmanager", Base: arn, Key: "key"},
		arn + "::AWSPREVIOUS:":             {Store: "secretsmanager", Base: arn, Stage: "AWSPREVIOUS"},
		arn + ":::id":                      {Store: "secretsmanager", Base: arn, Version: "id"},
	} {
		if got := parseSecretRef(v); got != want {
			t.Errorf("%s: got %+v", v, got)
		}
	}
	for _, v := range []string{arn + ":key", arn + ":a:b:c:d", "arn:", "arn:aws:kms:r:1:key/2", "arn:aws:secretsmanager:r:1:secret"} {
		if parseSecretRef(v).Broken == "" {
			t.Errorf("%s is no reference", v)
		}
	}
}

func FuzzParseSecretRef(f *testing.F) {
	f.Add("arn:aws:secretsmanager:us-east-1:123456789012:secret:web-AbCdEf:key::")
	f.Fuzz(func(t *testing.T, v string) {
		if ref := parseSecretRef(v); ref.Broken == "" && ref.Store == "" {
			t.Errorf("%q: neither understood nor broken", v)
		}
	})
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]int{"": 0, "256": 256, ".25 vCPU": 256, "1 vcpu": 1024, "2vCPU": 2048} {
		if got, ok := units(text, "vcpu"); !ok || got != want {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"much", "-1", "0", "NaN", "1e99", "0.3 vCPU", "1 GB", "inf"} {
		if got, ok := units(text, "vcpu"); ok {
			t.Errorf("%q is no size: %d", text, got)
		}
	}
}

func FuzzUnits(f *testing.F) {
	f.Add("1 GB")
	f.Fuzz(func(t *testing.T, text string) {
		if n, ok := units(text, "gb"); ok && n < 0 {
			t.Errorf("%q: %d", text, n)
		}
	})
}

func TestFargatePair(t *testing.T) {
	for _, pair := range [][2]int{{256, 512}, {256, 2048}, {512, 3072}, {4096, 30720}, {8192, 20480}, {16384, 122880}} {
		if !fargatePair(pair[0], pair[1]) {
			t.Errorf("Fargate has %v", pair)
		}
	}
	for _, pair := range [][2]int{{256, 3072}, {512, 512}, {1024, 2500}, {8192, 17408}, {300, 512}, {0, 0}} {
		if fargatePair(pair[0], pair[1]) {
			t.Errorf("Fargate has no %v", pair)
		}
	}
}

func TestHealthCommandsThatLie(t *testing.T) {
	for line, want := range map[string]bool{
		"curl http://localhost/":                        true,
		"curl -s http://localhost/ || exit 1":           true,
		"curl -sf http://localhost/ || exit 1":          false,
		"curl --fail http://localhost/":                 false,
		"curl -s http://localhost/ | grep -q ok":        false,
		`curl -w "%{http_code}" http://localhost/`:      false,
		"wget -qO- http://localhost/":                   false,
		"curl --fail-with-body http://localhost/health": false,
	} {
		if got := curlBlind(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
	for line, want := range map[string]bool{
		"true": true, "exit 0": true, "echo ok": true, "nc -z localhost 80 || true": true, "check; exit 0": true,
		"check || exit 1": false, "echo $(check) | grep ok": false, "/app health": false, "test -f /tmp/ready": false,
	} {
		if got := always.MatchString(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
