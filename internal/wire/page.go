package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
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

// NextPage is PageToken for an answer: nil at the end of the list, where value
// is "".
func NextPage(kind, value string) *string {
	if value == "" {
		return nil
	}
	token := PageToken(kind, value)
	return &token
}

// PageSize is how many items a page has that a request may bound: otherwise
// where it does not say, and false when it asks for none or for more than most.
func PageSize(asked *int32, otherwise, most int) (size int, ok bool) {
	if asked == nil {
		return otherwise, true
	}
	return int(*asked), *asked >= 1 && int(*asked) <= most
}

// Cut takes a page out of a list that is sorted by id: what comes after the id
// that a token of kind carries. Errors are ReadPageToken's.
func Cut[T any](kind string, list []T, id func(T) string, token *string, size int) (page []T, next *string, err error) {
	if token != nil {
		after, err := ReadPageToken(kind, *token)
		if err != nil {
			return nil, nil, err
		}
		at, _ := slices.BinarySearchFunc(list, after, func(item T, after string) int {
			if id(item) <= after {
				return -1
			}
			return 1
		})
		list = list[at:]
	}
	if len(list) <= size {
		return list, nil, nil
	}
	return list[:size], NextPage(kind, id(list[size-1])), nil
}
