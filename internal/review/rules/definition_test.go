package rules

import "testing"

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
