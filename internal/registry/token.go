package registry

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// TokenLife is how long an authorization token is valid, as ECR's.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
const TokenLife = 12 * time.Hour

// tokenUser is the user name that goes with a token.
const tokenUser = "AWS"

// Token makes a password that is valid until the time.
func (r *Registry) Token(until time.Time) string {
	at := strconv.FormatInt(until.Unix(), 10)
	return at + "." + r.sign(at)
}

// Valid tells whether a user name and password are those of a valid token.
func (r *Registry) Valid(user, password string) bool {
	at, signature, ok := strings.Cut(password, ".")
	if !ok || user != tokenUser || !hmac.Equal([]byte(signature), []byte(r.sign(at))) {
		return false
	}
	until, err := strconv.ParseInt(at, 10, 64)
	return err == nil && time.Now().Before(time.Unix(until, 0))
}

func (r *Registry) sign(at string) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(at))
	return hex.EncodeToString(mac.Sum(nil))
}

// tokenKey reads the key tokens are signed with, or makes it once.
func tokenKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		return key, os.WriteFile(path, key, 0o600)
	}
	if err == nil && len(key) != 32 {
		return nil, fmt.Errorf("%s is damaged: remove it, and log in again", path)
	}
	return key, err
}
