package cli

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hatoba/hatoba/internal/config"
)

// Below the data dir; package app, which is Linux's, writes them.
const (
	credentialsFile = "credentials"
	authorityFile   = "tls/ca.pem"
)

// endpoint is the URL clients use.
func endpoint(c config.Config) string {
	if c.TLS {
		return "https://" + address(c)
	}
	return "http://" + address(c)
}

// address is host and port the listener is reached at from its machine.
func address(c config.Config) string {
	host, port, _ := net.SplitHostPort(c.Listen)
	if addr, err := netip.ParseAddr(host); host == "" || host == "127.0.0.1" || err == nil && addr.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// keys are what the commands sign with: where nobody is asked the account's
// number, else the root user's key in the data dir or, for who has no access
// to it, the one in the environment.
func keys(c config.Config) (aws.Credentials, error) {
	if c.Auth != "sigv4" {
		return aws.Credentials{AccessKeyID: c.AccountID, SecretAccessKey: "hatoba"}, nil
	}
	path := filepath.Join(c.DataDir, credentialsFile)
	out, err := readCredentials(path)
	if err == nil {
		return out, nil
	}
	out = aws.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
	if out.AccessKeyID == "" || out.SecretAccessKey == "" {
		return out, fmt.Errorf("no access key: %w; name the --data-dir, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", err)
	}
	return out, nil
}

// readCredentials reads the default profile of a shared credentials file.
func readCredentials(path string) (aws.Credentials, error) {
	f, err := os.Open(path)
	if err != nil {
		return aws.Credentials{}, err
	}
	defer f.Close()
	var out aws.Credentials
	profile := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		name, value, _ := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "["):
			profile = strings.Trim(line, "[] ")
		case profile != "default":
		case strings.TrimSpace(name) == "aws_access_key_id":
			out.AccessKeyID = strings.TrimSpace(value)
		case strings.TrimSpace(name) == "aws_secret_access_key":
			out.SecretAccessKey = strings.TrimSpace(value)
		}
	}
	if out.AccessKeyID == "" || out.SecretAccessKey == "" {
		return out, fmt.Errorf("%s holds no access key", path)
	}
	return out, nil
}

// authority is the PEM file clients trust, "" without TLS.
func authority(c config.Config) string {
	switch {
	case !c.TLS:
		return ""
	case c.TLSCA != "":
		return c.TLSCA
	}
	return filepath.Join(c.DataDir, authorityFile)
}

// client is the HTTP client of the commands; it trusts our own authority too.
func client(c config.Config) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if path := authority(c); path != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		pem, err := os.ReadFile(path)
		if err == nil && !pool.AppendCertsFromPEM(pem) {
			err = fmt.Errorf("%s holds no certificate", path)
		}
		if err != nil && (c.TLSCA != "" || !errors.Is(err, os.ErrNotExist)) {
			return nil, fmt.Errorf("the authority to trust: %w; name it with --tls-ca", err)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: transport}, nil
}

// get asks for one of Hatoba's own pages.
func get(ctx context.Context, c config.Config, path string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint(c)+path, nil)
	if err != nil {
		return nil, err
	}
	if c.Auth == "sigv4" {
		credentials, err := keys(c)
		if err != nil {
			return nil, err
		}
		const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		if err := v4.NewSigner().SignHTTP(ctx, credentials, r, empty, "hatoba", c.Region, time.Now()); err != nil {
			return nil, err
		}
	}
	h, err := client(c)
	if err != nil {
		return nil, err
	}
	return h.Do(r)
}

// pushOptions are what a push to the built-in registry needs.
func pushOptions(ctx context.Context, c config.Config) ([]remote.Option, error) {
	h, err := client(c)
	if err != nil {
		return nil, err
	}
	out := []remote.Option{remote.WithContext(ctx), remote.WithTransport(h.Transport)}
	if c.Auth != "sigv4" {
		return out, nil
	}
	answer, err := ecr.NewFromConfig(sdk(c)).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return nil, err
	}
	if len(answer.AuthorizationData) == 0 {
		return nil, errors.New("the registry gave no authorization token")
	}
	token, err := base64.StdEncoding.DecodeString(aws.ToString(answer.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return nil, err
	}
	user, password, _ := strings.Cut(string(token), ":")
	return append(out, remote.WithAuth(&authn.Basic{Username: user, Password: password})), nil
}
