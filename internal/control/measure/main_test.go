package measure

import (
	"flag"
	"os"
	"testing"
)

// TestMain keeps the run of every day short: -rapid.checks says otherwise.
func TestMain(m *testing.M) {
	if f := flag.Lookup("rapid.checks"); f != nil {
		_ = f.Value.Set("10")
	}
	flag.Parse()
	os.Exit(m.Run())
}
