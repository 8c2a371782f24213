package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// PageToken makes an opaque pagination token that carries value. kind names
// the listing, so that a token of one listing is refused by another.
func PageToken(kind, value string) string {
	if value == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(kind + "\x00" + value))
	return base64.RawURLEncoding.EncodeToString(append(sum[:6:6], value...))
}

// ReadPageToken returns the value of a token of kind; "" gives "". Anything
// PageToken did not make is an *Error with code InvalidParameterException,
// which a service with another code for it replaces.
func ReadPageToken(kind, token string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(token))
	if err == nil && len(raw) > 6 {
		if value := string(raw[6:]); PageToken(kind, value) == token {
			return value, nil
		}
	}
	return "", Errorf("InvalidParameterException", "Invalid token.")
}
