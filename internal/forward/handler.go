package forward

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/hatoba/hatoba/internal/wire"
	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// Handler forwards what its rules name and leaves the rest to Next. Make it
// with New.
type Handler struct {
	cfg   Config
	proxy httputil.ReverseProxy
	chain func() (aws.CredentialsProvider, error)
}

// Config is what a Handler works with.
type Config struct {
	Rules    map[string]Rule
	Verifier *wire.Verifier // who may ask
	Region   string         // of requests that name none
	Next     http.Handler
	Log      *slog.Logger
	// Credentials sign what goes to AWS; nil: the SDK's own chain on this host.
	Credentials aws.CredentialsProvider
	Transport   http.RoundTripper // nil: http.DefaultTransport
}

// maxBody bounds a forwarded request: its body is held for its signature.
const maxBody = 32 << 20

// New returns a Handler.
func New(cfg Config) *Handler {
	h := &Handler{cfg: cfg}
	h.chain = sync.OnceValues(func() (aws.CredentialsProvider, error) {
		if cfg.Credentials != nil {
			return cfg.Credentials, nil
		}
		loaded, err := config.LoadDefaultConfig(context.Background(), config.WithRegion(cfg.Region))
		return loaded.Credentials, err
	})
	h.proxy = httputil.ReverseProxy{
		Rewrite: func(*httputil.ProxyRequest) {}, Transport: cfg.Transport,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug), FlushInterval: -1,
	}
	return h
}

// ServeHTTP forwards a request, or hands it to Next.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rule, ok := h.cfg.Rules[serviceOf(r)]
	if !ok {
		h.cfg.Next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", fmt.Sprintf("Hatoba forwards requests of at most %d bytes.", maxBody))
		return
	}
	sender, err := h.cfg.Verifier.Verify(r, rule.Service, body)
	if err != nil {
		var denied *wire.AuthError
		if !errors.As(err, &denied) {
			h.cfg.Log.Error("a request to be forwarded cannot be verified", "service", rule.Service, "error", err)
		}
		refuse(w, http.StatusForbidden, "UnrecognizedClientException", "The security token or the signature included in the request is invalid.")
		return
	}
	region := h.cfg.Region
	if c, err := sigv4.ReadCredential(r); err == nil && c.Region != "" {
		region = c.Region
	}
	h.cfg.Log.Debug("request forwarded", "service", rule.Service, "caller", sender.Identity.ARN)
	out := r.Clone(r.Context())
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if rule.URL != nil {
		to(out, rule.URL)
	} else if err := h.sign(out, rule.Service, region, body); err != nil {
		refuse(w, http.StatusBadRequest, "UnrecognizedClientException", fmt.Sprintf("Hatoba has no AWS credentials on its host to forward %s with: %s", rule.Service, err))
		return
	}
	proxy := h.proxy
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailableException", fmt.Sprintf("Hatoba could not forward the request for %s: %s", rule.Service, err))
	}
	proxy.ServeHTTP(w, out)
}

// to points a request at a URL. Its Host stays, for it is part of the caller's
// signature.
func to(r *http.Request, u *url.URL) {
	r.URL.Scheme, r.URL.Host = u.Scheme, u.Host
	if prefix := strings.TrimSuffix(u.Path, "/"); prefix != "" {
		r.URL.Path, r.URL.RawPath = prefix+r.URL.Path, ""
	}
}

// sign points a request at AWS and signs it anew: the caller's signature is of
// our address, and with a key that AWS does not know.
func (h *Handler) sign(r *http.Request, service, region string, body []byte) error {
	provider, err := h.chain()
	if err != nil {
		return err
	}
	if provider == nil {
		return errors.New("none are configured")
	}
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	credentials, err := provider.Retrieve(ctx)
	if err != nil {
		return err
	}
	r.URL.Scheme, r.URL.Host = "https", address(service, region)
	r.Host = r.URL.Host
	for name := range r.Header {
		if n := strings.ToLower(name); n == "authorization" || n == "x-amz-date" || n == "x-amz-security-token" || n == "x-amz-content-sha256" || n == "date" {
			r.Header.Del(name)
		}
	}
	query := r.URL.Query()
	for name := range query {
		if strings.HasPrefix(name, "X-Amz-") {
			query.Del(name)
		}
	}
	r.URL.RawQuery = query.Encode()
	hash := sigv4.Hash(body)
	// What a proxy changes must not be signed.
	connection := r.Header.Clone()
	for _, name := range []string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Accept-Encoding", "User-Agent", "X-Forwarded-For"} {
		r.Header.Del(name)
	}
	err = v4.NewSigner().SignHTTP(ctx, credentials, r, hash, service, region, time.Now())
	if agent := connection.Get("User-Agent"); agent != "" {
		r.Header.Set("User-Agent", agent)
	}
	return err
}

// refuse answers in JSON, which most SDKs read.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}
