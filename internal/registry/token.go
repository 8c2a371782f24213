package registry

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
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

// Token makes an account's password that is valid until the time. Nothing is
// stored: it is signed with the registry's own key.
func (r *Registry) Token(account string, until time.Time) string {
	said := account + "." + strconv.FormatInt(until.Unix(), 10)
	return said + "." + r.sign("token "+said)
}

// Valid returns the account whose valid token a user name and password are.
func (r *Registry) Valid(user, password string, now time.Time) (account string, ok bool) {
	dot := strings.LastIndexByte(password, '.')
	if user != tokenUser || dot < 0 {
		return "", false
	}
	said, signature := password[:dot], password[dot+1:]
	if !hmac.Equal([]byte(signature), []byte(r.sign("token "+said))) {
		return "", false
	}
	account, at, _ := strings.Cut(said, ".")
	until, err := strconv.ParseInt(at, 10, 64)
	return account, err == nil && now.Before(time.Unix(until, 0))
}

// authenticate checks the credentials of a request and returns their account,
// "" for a request without. Wrong ones are refused everywhere, as ECR does, so
// that docker login does not say yes to them.
func (r *Registry) authenticate(w http.ResponseWriter, req *http.Request) (account string, ok bool) {
	user, password, given := req.BasicAuth()
	if !given && !r.cfg.RequireAuth {
		return "", true
	}
	if given {
		if account, ok = r.Valid(user, password, time.Now()); ok {
			return account, true
		}
	}
	scheme := "https"
	if req.TLS == nil {
		scheme = "http"
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Basic realm="%s://%s/",service="ecr.amazonaws.com"`, scheme, req.Host))
	message := "Your authorization token is not valid or has expired. Get a new one: aws ecr get-login-password"
	if !given {
		message = "no basic auth credentials. Get some: aws ecr get-login-password"
	}
	refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", message)
	return "", false
}

func (r *Registry) sign(said string) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(said))
	return hex.EncodeToString(mac.Sum(nil))
}

// tokenKey reads the key tokens are signed with, or makes it once.
func tokenKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		return key, writeWhole(path, key)
	}
	if err == nil && len(key) != 32 {
		return nil, fmt.Errorf("%s is damaged: remove it, and log in again", path)
	}
	return key, err
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
