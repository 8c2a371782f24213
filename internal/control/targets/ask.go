package targets

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// Question is one look at a target.
type Question struct {
	Protocol string // HTTP, HTTPS or TCP
	Version  string // HTTP1, HTTP2, GRPC or ""
	Address  netip.AddrPort
	Path     string
	Codes    string
	Timeout  time.Duration
	Source   netip.Addr // the balancer's own address; invalid: any
}

// Answer is what came of it. Reason and Description are AWS's, of one that is
// not good.
type Answer struct {
	Good        bool
	Reason      string
	Description string
}

const agent = "ELB-HealthChecker/2.0"

func mismatch(code string) Answer {
	return Answer{Reason: "Target.ResponseCodeMismatch", Description: "Health checks failed with these codes: [" + code + "]"}
}

func failed(err error) Answer {
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return Answer{Reason: "Target.Timeout", Description: "Request timed out"}
	}
	return Answer{Reason: "Target.FailedHealthChecks", Description: "Health checks failed"}
}

// ask asks over the network, with a connection of its own.
func ask(ctx context.Context, q Question) Answer {
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	dialer := &net.Dialer{KeepAlive: -1}
	if q.Source.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(q.Source, 0))
	}
	if q.Protocol == "TCP" {
		c, err := dialer.DialContext(ctx, "tcp", q.Address.String())
		if err != nil {
			return failed(err)
		}
		_ = c.Close()
		return Answer{Good: true}
	}
	transport := &http.Transport{
		DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true, Protocols: new(http.Protocols), MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // AWS does not verify targets' certificates either
	}
	defer transport.CloseIdleConnections()
	request, err := question(ctx, q, transport.Protocols)
	if err != nil {
		return failed(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	if q.Version == "GRPC" {
		return grpcAnswer(q, response)
	}
	if code := strconv.Itoa(response.StatusCode); !matches(q.Codes, response.StatusCode) {
		return mismatch(code)
	}
	return Answer{Good: true}
}

// question is the request, and which protocols it may go by.
func question(ctx context.Context, q Question, p *http.Protocols) (*http.Request, error) {
	scheme := strings.ToLower(q.Protocol)
	switch q.Version {
	case "HTTP2", "GRPC":
		p.SetHTTP2(scheme == "https")
		p.SetUnencryptedHTTP2(scheme == "http")
	default:
		p.SetHTTP1(true)
	}
	url := scheme + "://" + q.Address.String() + q.Path
	if q.Version != "GRPC" {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err == nil {
			request.Header.Set("User-Agent", agent)
			request.Header.Set("Accept-Encoding", "gzip, compressed")
		}
		return request, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(make([]byte, 5))) // an empty message
	if err == nil {
		request.Header = http.Header{"User-Agent": {agent}, "Content-Type": {"application/grpc"}, "Te": {"trailers"}}
	}
	return request, err
}

// grpcAnswer reads the status, which comes behind the body.
func grpcAnswer(q Question, response *http.Response) Answer {
	_, err := io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return failed(err)
	}
	text := response.Trailer.Get("Grpc-Status")
	if text == "" {
		text = response.Header.Get("Grpc-Status")
	}
	code, err := strconv.Atoi(text)
	if err != nil {
		return failed(errors.New("no status"))
	}
	if !matches(q.Codes, code) {
		return mismatch(text)
	}
	return Answer{Good: true}
}

// matches tells whether a code is among "200,202" or "200-299".
func matches(codes string, code int) bool {
	for part := range strings.SplitSeq(codes, ",") {
		low, high, ranged := strings.Cut(part, "-")
		if !ranged {
			high = low
		}
		a, errA := strconv.Atoi(low)
		b, errB := strconv.Atoi(high)
		if errA == nil && errB == nil && a <= code && code <= b {
			return true
		}
	}
	return false
}
