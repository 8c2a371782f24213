package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/hatoba/hatoba/internal/events/connection"
	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// attemptLimit is how long a receiver may take, as on AWS.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html
const attemptLimit = 15 * time.Second

// Sender makes the requests.
type Sender struct {
	Store   store.Store
	Keyring *secrets.Keyring
	// Base is scheme and host of this Hatoba, for the links in documents.
	Base   string
	Signer func() (*notify.Signer, error)
	// Own tells whether an address is a listener of this Hatoba: what somebody
	// subscribes must not call the APIs in Hatoba's name.
	Own func(netip.AddrPort) bool
	// Connections add what is secret to requests of API destinations. nil: none
	// can be used.
	Connections Connections

	client *http.Client
}

// Connections know what connections of API destinations say and keep secret.
type Connections interface {
	// Connect adds it to a request.
	Connect(ctx context.Context, scope state.Scope, connection string, r *http.Request) error
	// Rejected is told of a request that was answered with 401.
	Rejected(connection string)
}

// errOwn is returned for addresses of Hatoba itself.
var errOwn = errors.New("the address is Hatoba's own, which takes no deliveries")

// Open makes the sender ready. It is called once.
func (s *Sender) Open() *Sender {
	s.client = Client(s.Own)
	return s
}

// Client makes requests to addresses that people gave: it follows no redirect,
// and none reaches a listener of this Hatoba.
func Client(own func(netip.AddrPort) bool) *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		if at, err := netip.ParseAddrPort(address); err != nil || own(netip.AddrPortFrom(at.Addr().Unmap(), at.Port())) {
			return errors.Join(errOwn, err)
		}
		return nil
	}}
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       attemptLimit,
	}
}

// Send makes one attempt.
func (s *Sender) Send(ctx context.Context, scope state.Scope, d state.Delivery) Result {
	request, err := s.request(ctx, scope, d)
	if none := (*connection.NoToken)(nil); errors.As(err, &none) {
		return Result{Again, none.Reason}
	}
	if err != nil {
		return Result{Refused, err.Error()}
	}
	if request == nil {
		return Result{Verdict: Unwanted}
	}
	answer, err := s.client.Do(request)
	if err != nil {
		verdict := Again
		if errors.Is(err, errOwn) {
			verdict = Refused
		}
		var where *url.Error // whose text has the address, which may be secret
		if errors.As(err, &where) {
			err = where.Err
		}
		return Result{verdict, fmt.Sprintf("%s cannot be reached: %v", request.URL.Host, err)}
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again
	if answer.StatusCode == http.StatusUnauthorized && d.Request != nil && d.Request.Connection != "" {
		s.Connections.Rejected(d.Request.Connection)
	}
	return judged(answer.StatusCode, request.URL.Host, d.Notification != nil)
}

// judged is what a status says. SNS takes a client's error for final; API
// destinations try it again when it is about the rate or the time.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
func judged(status int, host string, notification bool) Result {
	reason := fmt.Sprintf("%s answered with status %d", host, status)
	switch {
	case status >= 200 && status < 300:
		return Result{Verdict: Taken}
	case status == http.StatusTooManyRequests, status >= 500, !notification && (status == http.StatusUnauthorized || status == http.StatusProxyAuthRequired || status == http.StatusConflict):
		return Result{Again, reason}
	}
	return Result{Refused, reason}
}

// request is what is to be sent; nil when nobody is there any more to have it.
func (s *Sender) request(ctx context.Context, scope state.Scope, d state.Delivery) (*http.Request, error) {
	if d.Request != nil {
		r := d.Request
		request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
		if err != nil {
			return nil, errors.New("the request has no valid URL or method")
		}
		for k, v := range r.Headers {
			request.Header.Set(k, v)
		}
		if r.Connection == "" {
			return request, nil
		}
		if s.Connections == nil {
			return nil, errors.New("its connection cannot be used")
		}
		return request, s.Connections.Connect(ctx, scope, r.Connection, request)
	}
	sending, err := s.sending(ctx, scope, d)
	if err != nil || sending == nil {
		return nil, err
	}
	address := sending.Subscription.Endpoint
	if sealed := sending.Subscription.Address; sealed != nil {
		text, err := s.Keyring.Open(secrets.AAD(store.Subscriptions.Name, scope.Key(sending.Subscription.ID())), *sealed)
		if err != nil {
			return nil, errors.New("the subscription's address cannot be opened")
		}
		address = string(text)
	}
	header, body, err := sending.Post()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the endpoint is no valid URL")
	}
	request.Header = header
	return request, nil
}

// sending gathers what a notification is sent with; nil when its subscription
// has gone.
func (s *Sender) sending(ctx context.Context, scope state.Scope, d state.Delivery) (*notify.Sending, error) {
	out := &notify.Sending{Notification: *d.Notification, CreatedAt: d.CreatedAt, Base: s.Base}
	found := false
	err := s.Store.View(ctx, func(r store.Reader) error {
		out.Subscription, found = store.Subscriptions.Get(r, scope.Key(state.SubscriptionID(d.Cause)))
		out.Topic, _ = store.Topics.Get(r, scope.Key(state.TopicName(d.Cause)))
		return nil
	})
	if err != nil || !found {
		return nil, err
	}
	if out.Notification.Kind != state.NotificationMessage && out.Subscription.Token != nil {
		token, err := s.Keyring.Open(secrets.AAD(store.Subscriptions.Name, scope.Key(out.Subscription.ID())), *out.Subscription.Token)
		if err != nil {
			return nil, errors.New("the subscription's token cannot be opened")
		}
		out.Token = string(token)
	}
	out.Signer, err = s.Signer()
	return out, err
}
