package objects

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzPlace holds that places of versions tell their key and number again, and
// are in the order of keys.
func FuzzPlace(f *testing.F) {
	f.Add("a", "a/b", uint64(1))
	f.Add("a", "a\x01", uint64(1<<63))
	f.Fuzz(func(t *testing.T, one, two string, seq uint64) {
		if CheckKey(one) != nil || CheckKey(two) != nil {
			return
		}
		key, n := splitPlace(versionPlace(one, seq))
		if key != one || n != seq {
			t.Fatalf("%q %d came back as %q %d", one, seq, key, n)
		}
		if c := strings.Compare(one, two); c != 0 && bytes.Compare(versionPlace(one, seq), versionPlace(two, ^seq)) != c {
			t.Fatalf("%q and %q are out of order", one, two)
		}
		if !bytes.HasPrefix(versionPlace(one, seq), versionsOf(one)) || bytes.Compare(afterKey(one), versionPlace(one, 0)) <= 0 {
			t.Fatalf("places of %q", one)
		}
	})
}
