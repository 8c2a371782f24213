package registry

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// Node is the account of tokens with which this machine's tasks pull: they
// read every account's images, and write none.
const Node = "node"

// anybody is the account of bearer tokens for who has said no password.
const anybody = "anybody"

// TokenUser is the user name that goes with a token.
const TokenUser = "AWS"

// Token makes an account's password that is valid until the time. Nothing is
// stored: it is signed with the registry's own key.
func (r *Registry) Token(account string, until time.Time) string {
	said := account + "." + strconv.FormatInt(until.Unix(), 10)
	return said + "." + r.sign("token "+said)
}

// Valid returns the account whose valid token a user name and password are.
func (r *Registry) Valid(user, password string, now time.Time) (account string, ok bool) {
	dot := strings.LastIndexByte(password, '.')
	if user != TokenUser || dot < 0 {
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
// "" for a request without, where those are let in. Wrong ones are refused
// everywhere, as ECR does.
//
// Clients ask at /v2/ whether a password is wanted, and send none if not: a
// login would then say yes to any. So /v2/ always wants one. Where anybody is
// let in it asks for a bearer token, which serveToken gives to who says no
// password too.
func (r *Registry) authenticate(w http.ResponseWriter, req *http.Request) (account string, ok bool) {
	bearer, isBearer := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	user, password, given := req.BasicAuth()
	ping := req.URL.Path == "/v2/" || req.URL.Path == "/v2"
	switch {
	case isBearer:
		if account, ok = r.Valid(TokenUser, bearer, time.Now()); ok && account == anybody {
			account, ok = "", !r.cfg.RequireAuth
		}
	case given:
		if account, ok = r.Valid(user, password, time.Now()); account == anybody {
			ok = false
		}
	default:
		ok = !r.cfg.RequireAuth && !ping
	}
	if ok {
		return account, true
	}
	r.challenge(w, req, given || isBearer)
	return "", false
}

// challenge refuses a request and says how to come back.
func (r *Registry) challenge(w http.ResponseWriter, req *http.Request, given bool) {
	scheme := "https"
	if req.TLS == nil {
		scheme = "http"
	}
	ask := fmt.Sprintf(`Basic realm="%s://%s/",service="ecr.amazonaws.com"`, scheme, req.Host)
	if !r.cfg.RequireAuth {
		ask = fmt.Sprintf(`Bearer realm="%s://%s%s",service="ecr.amazonaws.com"`, scheme, req.Host, tokenPath)
	}
	w.Header().Set("WWW-Authenticate", ask)
	message := "Your authorization token is not valid or has expired. Get a new one: aws ecr get-login-password"
	if !given {
		message = "no basic auth credentials. Get some: aws ecr get-login-password"
	}
	refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", message)
}

// tokenPath is where bearer tokens are given.
const tokenPath = "/v2/token"

// serveToken gives a bearer token to who shows a good password, and to who
// shows none.
// Source: https://distribution.github.io/distribution/spec/auth/token/
func (r *Registry) serveToken(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "tokens are asked for with GET")
		return
	}
	account := anybody
	if user, password, given := req.BasicAuth(); given {
		var ok bool
		if account, ok = r.Valid(user, password, time.Now()); !ok || account == anybody {
			r.challenge(w, req, true)
			return
		}
	} else if r.cfg.RequireAuth || req.Header.Get("Authorization") != "" {
		r.challenge(w, req, false)
		return
	}
	const life = 5 * time.Minute
	token := r.Token(account, time.Now().Add(life))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "access_token": token, "expires_in": int(life / time.Second)})
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
