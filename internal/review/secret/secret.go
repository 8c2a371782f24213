// Package secret tells values that are secrets from values that are not, by
// name and value together: a name alone accuses TOKEN_TTL=300, a value alone
// misses hunter2.
package secret

import (
	"math"
	"net/url"
	"regexp"
	"strings"
)

// Kind names what a value looks like; empty if it does not look like a secret.
type Kind string

const (
	None       Kind = ""
	AccessKey  Kind = "an AWS secret access key"
	AWSKeyID   Kind = "an AWS access key id"
	PrivateKey Kind = "a private key"
	Token      Kind = "a token of a known service"
	JWT        Kind = "a JSON web token"
	URL        Kind = "a URL with a password"
	Password   Kind = "a password by its name"
)

// Words are the kind in English and in Japanese.
func (k Kind) Words() (en, ja string) {
	return string(k), map[Kind]string{
		AccessKey: "AWS のシークレットアクセスキー", AWSKeyID: "AWS のアクセスキー ID", PrivateKey: "秘密鍵",
		Token: "既知のサービスのトークン", JWT: "JSON Web Token", URL: "パスワード入りの URL", Password: "名前からするとパスワード",
	}[k]
}

var (
	awsKeyID = regexp.MustCompile(`\b(AKIA|ASIA)[0-9A-Z]{16}\b`)
	awsKey   = regexp.MustCompile(`^[0-9A-Za-z/+]{40}$`)
	jwt      = regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}`)
	tokens   = regexp.MustCompile(`\b(ghp|gho|ghu|ghs|ghr)_[0-9A-Za-z]{36}\b|\bgithub_pat_[0-9A-Za-z_]{22,}|\bglpat-[0-9A-Za-z_-]{20}|\bxox[abprs]-[0-9A-Za-z-]{10,}|\bsk_live_[0-9A-Za-z]{16,}|\brk_live_[0-9A-Za-z]{16,}|\bAIza[0-9A-Za-z_-]{35}\b|\bnpm_[0-9A-Za-z]{36}\b|\bSG\.[0-9A-Za-z_-]{22}\.[0-9A-Za-z_-]{43}`)
	nameRE   = regexp.MustCompile(`(?i)(^|[_.-])(pass|passwd|password|passphrase|pwd|secret|secrets|token|api_?key|apikey|private_?key|access_?key|secret_?key|auth_?key|encryption_?key|signing_?key|credential|credentials|dsn)$|(?i)^(.*_)?(password|passwd|secret|apikey)([_.-]?(value|text|plain))?$|(?i)[a-z](Password|Secret|ApiKey|AccessKey|PrivateKey|AuthToken)$`)
	camel    = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	// plain values: what a secret's name often goes with and is not one.
	plain = regexp.MustCompile(`(?i)^(|true|false|yes|no|on|off|none|null|nil|enabled?|disabled?|required|optional|[0-9.]+(ms|s|m|h|d|kb|mb|gb)?|changeme|<.*>|\*+|x+)$`)
	// references name a secret and do not hold it.
	reference = regexp.MustCompile(`^(arn:aws[a-z-]*:|/[\w./-]+$|\$|\{\{|[\w.-]+:[\w.-]+:[\w.-]+$|https?://[^@\s]*$|s3://|file:|ssm:|vault:|op://)`)
)

// Looks says what the value of a name looks like.
func Looks(name, value string) Kind {
	if kind := Value(value); kind != None {
		return kind
	}
	if !Name(name) || plain.MatchString(value) || reference.MatchString(value) {
		return None
	}
	if awsKey.MatchString(value) && entropy(value) > 4 {
		return AccessKey
	}
	return Password
}

// Value says what a value looks like whatever its name.
func Value(value string) Kind {
	switch {
	case strings.Contains(value, "-----BEGIN") && strings.Contains(value, "PRIVATE KEY-----"):
		return PrivateKey
	case awsKeyID.MatchString(value):
		return AWSKeyID
	case tokens.MatchString(value):
		return Token
	case jwt.MatchString(value):
		return JWT
	case passwordURL(value):
		return URL
	}
	return None
}

// Name reports whether a name is one that secrets have.
func Name(name string) bool {
	if nameRE.MatchString(name) {
		return true
	}
	return nameRE.MatchString(camel.ReplaceAllString(name, "${1}_${2}"))
}

// passwordURL finds scheme://user:password@host.
func passwordURL(value string) bool {
	if !strings.Contains(value, "://") || !strings.Contains(value, "@") {
		return false
	}
	u, err := url.Parse(strings.TrimSpace(value))
	if err != nil || u.User == nil {
		return false
	}
	password, ok := u.User.Password()
	return ok && !plain.MatchString(password) && !reference.MatchString(password)
}

// entropy is Shannon's, in bits per character.
func entropy(s string) float64 {
	count := map[rune]float64{}
	for _, r := range s {
		count[r]++
	}
	n, sum := float64(len([]rune(s))), 0.0
	for _, c := range count {
		sum -= c / n * math.Log2(c/n)
	}
	return sum
}
