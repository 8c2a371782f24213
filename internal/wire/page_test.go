package wire_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/wire"
)

// Pages together are the list, also when the last item of a page is deleted in
// between.
func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.StringN(1, 3, -1), 0, 20, rapid.ID).Draw(t, "list")
		slices.Sort(all)
		size := rapid.IntRange(1, 5).Draw(t, "size")
		var got []string
		var next *string
		left := slices.Clone(all)
		for {
			page, more, err := wire.Cut("list", left, func(s string) string { return s }, next, size)
			if err != nil || len(page) > size || more != nil && len(page) == 0 {
				t.Fatalf("%q, %v, %v", page, more, err)
			}
			got = append(got, page...)
			if next = more; next == nil {
				break
			}
			last := page[len(page)-1]
			if rapid.Bool().Draw(t, "delete") {
				left = slices.DeleteFunc(slices.Clone(left), func(s string) bool { return s == last })
			}
		}
		if !slices.Equal(got, all) {
			t.Fatalf("%q, not %q", got, all)
		}
	})
	token := wire.PageToken("list", "a")
	if _, _, err := wire.Cut("another", []string{"a"}, func(s string) string { return s }, &token, 1); err == nil {
		t.Error("a token of another list is taken")
	}
	for asked, want := range map[int32]bool{0: false, -1: false, 1: true, 7: true, 8: false, 1 << 30: false} {
		if _, ok := wire.PageSize(&asked, 3, 7); ok != want {
			t.Errorf("%d: %v", asked, ok)
		}
	}
	if size, ok := wire.PageSize(nil, 3, 7); size != 3 || !ok {
		t.Error(size, ok)
	}
}
