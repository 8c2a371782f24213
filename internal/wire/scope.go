package wire

import (
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// scopeOf is where a request acts whose sender nobody has identified: region
// of the credential scope, account from an access key that is 12 digits, what
// is missing from the default.
func scopeOf(c sigv4.Credential, def state.Scope) state.Scope {
	scope := def
	if c.Region != "" {
		scope.Region = c.Region
	}
	if isAccount(c.AccessKey) {
		scope.Account = c.AccessKey
	}
	return scope
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
