package filter

import "testing"

// BenchmarkMatch matches a request log that holds the needles and does not
// match.
func BenchmarkMatch(b *testing.B) {
	line := []byte(`{"time":"2026-11-21T12:01:02.003Z","level":"INFO","method":"GET","path":"/api/v1/users/1/orders/2","status":200,` +
		`"duration_ms":12.5,"request_id":"0123456789abcdef","remote":"10.1.2.3","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}`)
	for _, pattern := range []string{`{ $.status >= 500 }`, `{ $.user_agent = "x*" }`, `[a, b, c = 4*]`, `%upstream-[0-9]%`} {
		p, err := Parse(pattern)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(pattern, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				p.Match(line)
			}
		})
	}
}
