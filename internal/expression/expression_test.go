package expression_test

import (
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/expression"
)

func TestCompile(t *testing.T) {
	for text, fine := range map[string]bool{
		`^[a-z]{1,1000}$`: true, `\d{4}-\d{2}-\d{2}`: true, `(foo|ba+r)*`: true, strings.Repeat("a", 1024): true,
		`(`: false, `a{1001}`: false, strings.Repeat(`(a?){999}`, 100): false, `(` + strings.Repeat("a?", 500) + `){1000}`: false,
	} {
		if re, err := expression.Compile(text); (err == nil) != fine || fine && re.String() != text {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}
