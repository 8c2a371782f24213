package sigv4_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

var at = time.Date(2026, 11, 21, 23, 59, 58, 0, time.UTC)

// signed is a request that the SDK's signer has signed.
type signed struct {
	method, target, host string
	header               http.Header
	body                 []byte
	service              string
}

// draw signs a random request.
func draw(t *rapid.T) signed {
	letters := rapid.SampledFrom([]rune("abzAZ09-_.~ /%+&=?#;:@!$'()*,[]{}|\\^`\"<>é日😀"))
	text := func(name string) string { return rapid.StringOfN(letters, 0, 8, -1).Draw(t, name) }
	s := signed{
		method:  rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE"}).Draw(t, "method"),
		service: rapid.SampledFrom([]string{"ecs", "s3", "sts", "monitoring"}).Draw(t, "service"),
		body:    rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "body"),
	}
	query := url.Values{}
	for range rapid.IntRange(0, 3).Draw(t, "parameters") {
		query.Add(text("name"), text("value"))
	}
	u := &url.URL{Scheme: "https", Host: "ecs.eu-west-1.amazonaws.com", Path: "/" + text("path"), RawQuery: query.Encode()}
	r, err := http.NewRequest(s.method, u.String(), bytes.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	r.URL = u
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		r.Header.Add(rapid.SampledFrom([]string{"X-Amz-Target", "Content-Type", "X-Amz-Meta-A"}).Draw(t, "header"),
			rapid.SampledFrom([]string{"", "x", "a  b   c", " pad ", "a,b", "é"}).Draw(t, "value"))
	}
	credentials := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret}
	if rapid.Bool().Draw(t, "session") {
		credentials.SessionToken = "token/+=" + text("token")
	}
	hash := sigv4.Hash(s.body)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = s.service == "s3" })
	if rapid.Bool().Draw(t, "presigned") {
		query.Set("X-Amz-Expires", "60")
		u.RawQuery = query.Encode()
		uri, header, err := signer.PresignHTTP(t.Context(), credentials, r, hash, s.service, "eu-west-1", at)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := url.Parse(uri)
		if err != nil {
			t.Skip("the SDK made a URL that is none")
		}
		s.target, s.host, s.header = requestURI(parsed), parsed.Host, header
		s.header.Del("Host")
		return s
	}
	if err := signer.SignHTTP(t.Context(), credentials, r, hash, s.service, "eu-west-1", at); err != nil {
		t.Fatal(err)
	}
	s.target, s.host, s.header = requestURI(r.URL), r.URL.Host, r.Header
	return s
}

func requestURI(u *url.URL) string {
	out := u.EscapedPath()
	if u.RawQuery != "" {
		out += "?" + u.RawQuery
	}
	return out
}

// sent is the request as a server has it, nil when none can read it.
func (s signed) sent() *http.Request {
	u, err := url.ParseRequestURI(s.target)
	if err != nil {
		return nil
	}
	r := httptest.NewRequest(s.method, "/", bytes.NewReader(s.body))
	r.URL, r.RequestURI, r.Host, r.Header = u, s.target, s.host, s.header.Clone()
	return r
}

// check reads and checks as a service does.
func (s signed) check() error {
	r := s.sent()
	if r == nil {
		return io.ErrUnexpectedEOF
	}
	signature, err := sigv4.Read(r)
	if err != nil {
		return err
	}
	if signature == nil || signature.AccessKey != "AKIDEXAMPLE" {
		return io.ErrUnexpectedEOF
	}
	if err := signature.Timely(at, 5*time.Minute); err != nil {
		return err
	}
	return signature.Check(r, secret, sigv4.Hash(s.body))
}

// means is what a server makes of the request.
func (s signed) means() string {
	u, err := url.ParseRequestURI(s.target)
	if err != nil {
		return "nothing"
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "nothing"
	}
	return s.method + u.Path + "?" + q.Encode()
}

// TestWhatTheSDKSignsIsGood holds that requests the SDK's signer made verify,
// and no request with one byte changed does that means something else.
func TestWhatTheSDKSignsIsGood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		if err := s.check(); err != nil {
			t.Fatalf("%s %s %v: %v", s.method, s.target, s.header, err)
		}
		changed := s
		changed.header = s.header.Clone()
		what := rapid.SampledFrom([]string{"target", "host", "body", "header", "method"}).Draw(t, "what")
		flip := func(b string) string {
			i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			return b[:i] + string(rapid.Byte().Filter(func(c byte) bool { return c != b[i] }).Draw(t, "byte")) + b[i+1:]
		}
		switch what {
		case "target":
			if changed.target = flip(s.target); changed.means() == s.means() {
				return
			}
		case "host":
			changed.host = flip(s.host)
		case "method":
			changed.method = s.method + "X"
		case "body":
			changed.body = append(bytes.Clone(s.body), 0)
		case "header":
			names := make([]string, 0, len(s.header))
			for name, values := range s.header {
				if strings.TrimSpace(values[0]) != "" && name != "Content-Length" {
					names = append(names, name)
				}
			}
			if len(names) == 0 {
				return
			}
			name := names[rapid.IntRange(0, len(names)-1).Draw(t, "name")]
			was := strings.TrimSpace(s.header[name][0])
			now := flip(was)
			squeeze := func(s string) string {
				return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
			}
			if squeeze(now) == squeeze(was) {
				return
			}
			if name == "Authorization" && strings.TrimRight(squeeze(now), " ,") == squeeze(was) {
				return
			}
			changed.header[name][0] = now
		}
		if err := changed.check(); err == nil {
			t.Fatalf("%s changed and it is still good:\n%s %s %v\n%s %s %v", what, s.method, s.target, s.header, changed.method, changed.target, changed.header)
		}
	})
}

func TestTimely(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		life  time.Duration
		want  sigv4.Problem
	}{
		"now": {0, 0, 0}, "late": {5*time.Minute + time.Second, 0, sigv4.Skewed}, "early": {-5*time.Minute - time.Second, 0, sigv4.Skewed},
		"presigned": {time.Hour, 2 * time.Hour, 0}, "presigned and gone": {2*time.Hour + 1, 2 * time.Hour, sigv4.Expired},
		"presigned for later": {-6 * time.Minute, time.Hour, sigv4.Skewed},
	} {
		s := sigv4.Signature{Time: at, Presigned: c.life > 0, Life: c.life}
		err := s.Timely(at.Add(c.after), 5*time.Minute)
		if got := problem(err); got != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func problem(err error) sigv4.Problem {
	if refused, ok := err.(*sigv4.Error); ok {
		return refused.Problem
	}
	return 0
}

// FuzzRead holds that whatever a header or a query says is read or refused.
func FuzzRead(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("a", 64), "")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261121T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature="+strings.Repeat("0", 64))
	f.Add("AWS4-ECDSA-P256-SHA256 Credential=A/20261121/s3/aws4_request", "X-Amz-Signature=&&;=%zz")
	f.Fuzz(func(t *testing.T, header, query string) {
		r := httptest.NewRequest("GET", "/a%2fb", nil)
		r.URL.RawQuery = query
		r.Header.Set("X-Amz-Date", "20261121T000000Z")
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		s, err := sigv4.Read(r)
		if err != nil || s == nil {
			return
		}
		if err := s.Check(r, secret, sigv4.Hash(nil)); err == nil {
			t.Fatalf("%q %q is signed by nobody", header, query)
		}
	})
}
