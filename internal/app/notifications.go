package app

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/aws/sns"
	"github.com/hatoba/hatoba/internal/control/deliver"
	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// notifications are what tells the world outside.
type notifications struct {
	loop   *deliver.Loop
	asking *deliver.Asking
	signer func() (*notify.Signer, error)
}

// openNotifications builds SNS's API and what delivers.
func (a *App) openNotifications(keyring *secrets.Keyring) *sns.Service {
	n := &notifications{signer: sync.OnceValues(func() (*notify.Signer, error) {
		return notify.OpenSigner(filepath.Join(a.cfg.DataDir, "keys", "notifications.pem"), time.Now())
	})}
	connector := a.connector(keyring)
	n.asking = &deliver.Asking{Store: a.store, Log: a.log, Authorize: connector.Authorize}
	sender := (&deliver.Sender{Store: a.store, Keyring: keyring, Base: a.endpoint(), Signer: n.signer, Own: a.ownAddress, Connections: connector}).Open()
	n.loop = &deliver.Loop{Store: a.store, Log: a.log, Send: sender.Send, Letter: a.writeLetter}
	a.notifications = n
	return sns.New(sns.Config{Store: a.store, Keyring: keyring, NewID: newRequestID, Chats: a.cfg.Chats, HasLogGroup: func(ctx context.Context, arn string) bool {
		scope, name := logGroup(arn)
		_, err := a.logs.GetGroup(ctx, scope, name)
		return err == nil
	}})
}

// endpoint is where this machine reaches the front listener.
func (a *App) endpoint() string {
	scheme := "http"
	if a.cfg.TLS {
		scheme = "https"
	}
	return scheme + "://" + a.cfg.Listen
}

// ownAddress tells whether an address is the front listener's.
func (a *App) ownAddress(at netip.AddrPort) bool {
	_, port, err := net.SplitHostPort(a.cfg.Listen)
	if err != nil || port != strconv.Itoa(int(at.Port())) {
		return false
	}
	if at.Addr().IsLoopback() || at.Addr().IsUnspecified() {
		return true
	}
	local, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(local, func(l net.Addr) bool {
		p, err := netip.ParsePrefix(l.String())
		return err == nil && p.Addr().Unmap() == at.Addr()
	})
}

// logGroup is the log group of an ARN, which may end with ":*".
func logGroup(arn string) (state.Scope, string) {
	parts := strings.SplitN(strings.TrimSuffix(arn, ":*"), ":", 7)
	if len(parts) < 7 {
		return state.Scope{}, ""
	}
	return state.Scope{Account: parts[4], Region: parts[3]}, parts[6]
}

// writeLetter writes what was given up into a log group: a stream for each
// receiver.
func (a *App) writeLetter(ctx context.Context, _ state.Scope, group string, d state.Delivery, reason string) error {
	text, err := letterOf(d, reason)
	if err != nil {
		return err
	}
	scope, name := logGroup(group)
	stream := "dead-letters/" + strings.NewReplacer(":", "-", "*", "-").Replace(d.Cause)
	if err := a.logs.OpenStream(ctx, scope, name, stream, false); err != nil {
		return err
	}
	_, err = a.logs.Append(ctx, scope, name, stream, logs.Batch{Events: []logs.InputEvent{{Time: time.Now().UnixMilli(), Message: string(text)}}})
	return err
}

// letterOf is what a dead letter says. What was to be sent to an API destination
// is JSON in it, or text: a transformer may have made either.
func letterOf(d state.Delivery, reason string) ([]byte, error) {
	letter := map[string]any{"cause": d.Cause, "attempts": d.Requests, "reason": reason, "createdAt": d.CreatedAt}
	if d.Notification != nil {
		letter["notification"] = d.Notification
	}
	if d.Request != nil {
		if letter["event"] = d.Request.Letter; json.Valid([]byte(d.Request.Letter)) {
			letter["event"] = json.RawMessage(d.Request.Letter)
		}
	}
	return json.Marshal(letter)
}

// links makes requests of the links that notifications carry: a browser or curl
// follows them with GET.
func links(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); r.Method == http.MethodGet && r.URL.Path == "/" && r.Header.Get("Authorization") == "" &&
			(q.Get("Action") == "ConfirmSubscription" || q.Get("Action") == "Unsubscribe") {
			q.Set("Version", "2010-03-31")
			r = r.Clone(r.Context())
			body := q.Encode()
			r.Method, r.URL = http.MethodPost, &url.URL{Path: "/"}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		next.ServeHTTP(w, r)
	})
}

// certificate shows the certificate that notifications are signed with.
func (n *notifications) certificate(w http.ResponseWriter, r *http.Request) {
	signer, err := n.signer()
	if err != nil {
		http.Error(w, "there is no certificate", http.StatusInternalServerError)
		return
	}
	text, ok := signer.Certificate(r.PathValue("name"))
	if !ok {
		http.Error(w, "no such certificate", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(text)
}
