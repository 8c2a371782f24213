package wire

import (
	"net/http"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// credential is what a request says about its sender. The signature is not
// verified yet: on loopback anybody may say anything, and listening elsewhere
// waits for the verification.
type credential struct {
	accessKey string // "" when the request is unsigned
	region    string
	service   string // as signed: "ecs", "sts"
}

// Algorithms of the Authorization header. The asymmetric one has no region in
// its scope.
const (
	algorithmV4  = "AWS4-HMAC-SHA256"
	algorithmV4a = "AWS4-ECDSA-P256-SHA256"
)

// readCredential takes the credential scope from the Authorization header or,
// for a presigned request, from X-Amz-Credential in the query string.
func readCredential(r *http.Request) (credential, *failure) {
	header := r.Header.Get("Authorization")
	if header == "" {
		if !strings.Contains(r.URL.RawQuery, "X-Amz-Credential") {
			return credential{}, nil
		}
		query := r.URL.Query()
		return parseScope(query.Get("X-Amz-Algorithm"), query.Get("X-Amz-Credential"))
	}
	algorithm, rest, _ := strings.Cut(header, " ")
	if algorithm != algorithmV4 && algorithm != algorithmV4a {
		return credential{}, unsignable("Authorization header requires the algorithm %s.", algorithmV4)
	}
	_, rest, ok := strings.Cut(rest, "Credential=")
	if !ok {
		return credential{}, unsignable("Authorization header requires 'Credential' parameter.")
	}
	if end := strings.IndexAny(rest, ", "); end >= 0 {
		rest = rest[:end]
	}
	return parseScope(algorithm, rest)
}

// parseScope reads KEY/DATE/REGION/SERVICE/aws4_request from its end, because
// a key may hold slashes.
func parseScope(algorithm, scope string) (credential, *failure) {
	rest, ok := strings.CutSuffix(scope, "/aws4_request")
	if !ok {
		return credential{}, unsignable("Credential should be scoped with a valid terminator: 'aws4_request'.")
	}
	var c credential
	rest, c.service = cutLast(rest)
	if algorithm != algorithmV4a {
		rest, c.region = cutLast(rest)
		if !validRegion(c.region) {
			return credential{}, unsignable("Credential should be scoped to a valid Region, not '%.40s'.", c.region)
		}
	}
	c.accessKey, _ = cutLast(rest)
	if c.accessKey == "" || c.service == "" {
		return credential{}, unsignable("Credential must have the form KEY/DATE/REGION/SERVICE/aws4_request.")
	}
	return c, nil
}

func unsignable(format string, args ...any) *failure {
	e := Errorf("IncompleteSignature", format, args...)
	return &failure{code: e.Code, message: e.Message, status: http.StatusForbidden}
}

func cutLast(s string) (before, last string) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+1:]
}

// validRegion keeps what becomes part of keys and ARNs to a region's letters.
func validRegion(region string) bool {
	if region == "" || len(region) > 40 {
		return false
	}
	for _, c := range []byte(region) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// scope is where the request acts: region of the credential scope, account
// from an access key that is 12 digits, what is missing from the default.
func (c credential) scope(def state.Scope) state.Scope {
	scope := def
	if c.region != "" {
		scope.Region = c.region
	}
	if isAccount(c.accessKey) {
		scope.Account = c.accessKey
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
