package identity

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// Credentials are what a session signs with. The secret and the token never
// reach a log.
type Credentials struct {
	AccessKey string
	Secret    string
	Token     string
	Expires   time.Time
}

// String keeps the secret out of logs.
func (c Credentials) String() string { return c.AccessKey }

// GoString keeps the secret out of logs.
func (c Credentials) GoString() string { return c.AccessKey }

// tokenMark begins every token of ours, so that one of another issuer, which
// a developer may well have in the environment, is told from a broken one.
const tokenMark = "HatobaSession1"

// sealed is what a token holds.
type sealed struct {
	AccessKey string
	Secret    string
	Identity  wire.Identity
}

// Issue makes credentials for an identity, whose Expires says until when.
func (d *Directory) Issue(id wire.Identity) (Credentials, error) {
	id.Expires = id.Expires.UTC().Truncate(time.Second)
	content := sealed{AccessKey: NewAccessKey("ASIA", id.Account), Secret: NewSecret(), Identity: id}
	plain, err := json.Marshal(content)
	if err != nil {
		return Credentials{}, fmt.Errorf("encode session: %w", err)
	}
	box, err := d.Keyring.Seal(sessionAAD(content.AccessKey), plain)
	if err != nil {
		return Credentials{}, fmt.Errorf("seal session: %w", err)
	}
	b, err := json.Marshal(box)
	if err != nil {
		return Credentials{}, fmt.Errorf("encode session: %w", err)
	}
	return Credentials{
		AccessKey: content.AccessKey, Secret: content.Secret, Expires: id.Expires,
		Token: tokenMark + base64.StdEncoding.EncodeToString(b),
	}, nil
}

// open reads a token of ours.
func (d *Directory) open(accessKey, token string) (wire.Key, error) {
	text, ok := strings.CutPrefix(token, tokenMark)
	if !ok {
		return wire.Key{}, wire.ErrUnknownKey
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return wire.Key{}, wire.ErrBadToken
	}
	var box state.Sealed
	if json.Unmarshal(b, &box) != nil {
		return wire.Key{}, wire.ErrBadToken
	}
	plain, err := d.Keyring.Open(sessionAAD(accessKey), box)
	if err != nil {
		return wire.Key{}, wire.ErrBadToken
	}
	var content sealed
	if json.Unmarshal(plain, &content) != nil || content.AccessKey != accessKey {
		return wire.Key{}, wire.ErrBadToken
	}
	if !d.now().Before(content.Identity.Expires) {
		return wire.Key{}, wire.ErrExpiredToken
	}
	return wire.Key{Identity: content.Identity, Secret: content.Secret}, nil
}

// sessionAAD binds a token to its access key. No table has the name.
func sessionAAD(accessKey string) []byte {
	return secrets.AAD("session-token", state.AccessKeyScope().Key(accessKey))
}

var base32Digits = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewAccessKey makes an access key id: the kind's four letters and sixteen
// more that hold the account, as AWS's do, and random bits.
func NewAccessKey(kind, account string) string {
	var b [10]byte
	rand.Read(b[:]) // never fails
	number, _ := strconv.ParseUint(account, 10, 64)
	head := 1<<47 | number<<7 | uint64(b[5])&0x7f
	for i := range 6 {
		b[i] = byte(head >> (40 - 8*i))
	}
	return kind + base32Digits.EncodeToString(b[:])
}

// AccountOf reads the account from an access key id; "" when it holds none.
func AccountOf(accessKey string) string {
	if len(accessKey) != 20 {
		return ""
	}
	b, err := base32Digits.DecodeString(accessKey[4:])
	if err != nil {
		return ""
	}
	var head uint64
	for _, c := range b[:6] {
		head = head<<8 | uint64(c)
	}
	account := fmt.Sprintf("%012d", head&(1<<47-1)>>7)
	if len(account) != 12 || head>>47 == 0 {
		return ""
	}
	return account
}

// NewSecret makes a secret access key: forty characters.
func NewSecret() string {
	var b [30]byte
	rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// NewID makes a unique id of IAM: the kind's four letters (AIDA, AROA, AGPA,
// ANPA, AIPA) and seventeen more.
func NewID(kind string) string {
	var b [11]byte
	rand.Read(b[:]) // never fails
	return kind + base32Digits.EncodeToString(b[:])[:17]
}
