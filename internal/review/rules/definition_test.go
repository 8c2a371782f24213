package rules

import "testing"

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
