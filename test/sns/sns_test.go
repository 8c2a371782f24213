// Package sns tries topics from outside: the SDK publishes, and a server of the
// subscriber's has what is delivered.
package sns

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/aws/sns"
	"github.com/hatoba/hatoba/internal/control/deliver"
	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

// received is a request that the subscriber had.
type received struct {
	header http.Header
	body   string
}

type world struct {
	*testing.T
	*sdk.Client
	db         store.Store
	signer     *notify.Signer
	subscriber *httptest.Server
	posts      chan received
	answer     chan int // statuses of the next answers; none: 200
	letters    chan string
	stop       func()
	start      func()
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, db: mem.New(), posts: make(chan received, 100), answer: make(chan int, 100), letters: make(chan string, 10)}
	keyring := secrets.NewKeyring()
	w.subscriber = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		select {
		case status := <-w.answer:
			rw.WriteHeader(status)
		default:
		}
		w.posts <- received{r.Header, string(body)}
	}))
	t.Cleanup(w.subscriber.Close)
	service := sns.New(sns.Config{
		Store: w.db, Keyring: keyring, NewID: uuid.NewString, Chats: map[string][]string{"slack": {w.subscriber.URL + "/slack/"}},
		HasLogGroup: func(_ context.Context, arn string) bool { return strings.HasSuffix(arn, ":letters") },
	})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{service.Describe()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w.Client = sdk.New(sdk.Options{BaseEndpoint: &server.URL, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("123456789012", "secret", "")})
	if w.signer, err = notify.OpenSigner(filepath.Join(t.TempDir(), "key.pem"), time.Now()); err != nil {
		t.Fatal(err)
	}
	own := netip.MustParseAddrPort(server.Listener.Addr().String())
	sender := (&deliver.Sender{
		Store: w.db, Keyring: keyring, Base: server.URL, Signer: func() (*notify.Signer, error) { return w.signer, nil },
		Own: func(a netip.AddrPort) bool { return a == own },
	}).Open()
	loop := &deliver.Loop{Store: w.db, Log: slog.New(slog.DiscardHandler), Send: sender.Send, Letter: func(_ context.Context, _ state.Scope, group string, d state.Delivery, reason string) error {
		w.letters <- fmt.Sprintf("%s after %d: %s", group, d.Requests, reason)
		return nil
	}}
	w.start = func() {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = loop.Run(ctx)
		}()
		w.stop = func() { cancel(); <-done }
	}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) topic(attributes map[string]string) *string {
	w.Helper()
	out, err := w.CreateTopic(w.Context(), &sdk.CreateTopicInput{Name: aws.String("alerts"), Attributes: attributes})
	if err != nil {
		w.Fatal(err)
	}
	return out.TopicArn
}

// next is what the subscriber has next.
func (w *world) next() received {
	w.Helper()
	return within(w, w.posts, "nothing is delivered")
}

// within is what comes next of a channel, in good time.
func within[T any](w *world, of chan T, otherwise string) (next T) {
	w.Helper()
	select {
	case next = <-of:
	case <-time.After(20 * time.Second):
		w.Fatal(otherwise)
	}
	return next
}

// subscribed subscribes a path of the subscriber's and confirms it.
func (w *world) subscribed(topic *string, path string, attributes map[string]string) string {
	w.Helper()
	out, err := w.Subscribe(w.Context(), &sdk.SubscribeInput{TopicArn: topic, Protocol: aws.String("http"), Endpoint: aws.String(w.subscriber.URL + path), Attributes: attributes})
	if err != nil {
		w.Fatal(err)
	}
	if *out.SubscriptionArn != "pending confirmation" {
		w.Errorf("an unconfirmed subscription is %s", *out.SubscriptionArn)
	}
	var d notify.Document
	w.decode(w.next(), &d)
	confirmed, err := w.ConfirmSubscription(w.Context(), &sdk.ConfirmSubscriptionInput{TopicArn: topic, Token: &d.Token})
	if err != nil {
		w.Fatal(err)
	}
	w.settled() // else a Hatoba that ends now sends the confirmation again
	return *confirmed.SubscriptionArn
}

// letter is the dead letter that comes next.
func (w *world) letter() string {
	w.Helper()
	return within(w, w.letters, "no letter comes")
}

func (w *world) decode(p received, d *notify.Document) {
	w.Helper()
	if err := json.Unmarshal([]byte(p.body), d); err != nil {
		w.Fatalf("%v in %s", err, p.body)
	}
	w.verify(*d)
}

// verify checks a signature as AWS documents it.
func (w *world) verify(d notify.Document) {
	w.Helper()
	text := ""
	for _, l := range [][2]string{{"Message", d.Message}, {"MessageId", d.MessageID}, {"Subject", d.Subject}, {"SubscribeURL", d.SubscribeURL}, {"Timestamp", d.Timestamp}, {"Token", d.Token}, {"TopicArn", d.TopicARN}, {"Type", d.Type}} {
		if l[1] != "" {
			text += l[0] + "\n" + l[1] + "\n"
		}
	}
	_, name, _ := strings.Cut(d.SigningCertURL, notify.CertificatePath)
	shown, ok := w.signer.Certificate(name)
	if !ok {
		w.Fatalf("no certificate at %s", d.SigningCertURL)
	}
	block, _ := pem.Decode(shown)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		w.Fatal(err)
	}
	signature, _ := base64.StdEncoding.DecodeString(d.Signature)
	hash, sum := crypto.SHA1, sha1.Sum([]byte(text))
	digest := sum[:]
	if d.SignatureVersion == "2" {
		sum := sha256.Sum256([]byte(text))
		hash, digest = crypto.SHA256, sum[:]
	}
	if err := rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), hash, digest, signature); err != nil {
		w.Errorf("the signature of a %s: %v", d.Type, err)
	}
}

func (w *world) say(topic *string, message string) string {
	w.Helper()
	out, err := w.Publish(w.Context(), &sdk.PublishInput{TopicArn: topic, Message: &message, Subject: aws.String("a subject"), MessageAttributes: map[string]types.MessageAttributeValue{
		"kind": {DataType: aws.String("String"), StringValue: aws.String("test")},
	}})
	if err != nil {
		w.Fatal(err)
	}
	return *out.MessageId
}

func TestSubscribersAreToldWhatIsPublished(t *testing.T) {
	for _, version := range []string{"1", "2"} {
		t.Run("signature "+version, func(t *testing.T) {
			w := newWorld(t)
			topic := w.topic(map[string]string{"SignatureVersion": version})
			arn := w.subscribed(topic, "/hook", nil)
			id := w.say(topic, "hello <you> & \"me\"\nbye")
			p := w.next()
			var d notify.Document
			w.decode(p, &d)
			if d.Type != "Notification" || d.Message != "hello <you> & \"me\"\nbye" || d.Subject != "a subject" || d.MessageID != id || d.SignatureVersion != version || d.TopicARN != *topic || d.Attributes["kind"].Value != "test" {
				t.Errorf("%s", p.body)
			}
			for k, v := range map[string]string{"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": id, "x-amz-sns-topic-arn": *topic, "x-amz-sns-subscription-arn": arn, "content-type": "text/plain; charset=UTF-8"} {
				if got := p.header.Get(k); got != v {
					t.Errorf("%s is %q, not %q", k, got, v)
				}
			}
			if _, err := w.Unsubscribe(t.Context(), &sdk.UnsubscribeInput{SubscriptionArn: &arn}); err != nil {
				t.Fatal(err)
			}
			w.say(topic, "nobody hears this")
			raw := w.subscribed(topic, "/raw", map[string]string{"RawMessageDelivery": "true"})
			w.say(topic, "as it is")
			if p := w.next(); p.body != "as it is" || p.header.Get("x-amz-sns-rawdelivery") != "true" || p.header.Get("x-amz-sns-subscription-arn") != raw {
				t.Errorf("raw %v %s", p.header, p.body)
			}
		})
	}
}

// A message outlives failures of the subscriber's, and of Hatoba.
func TestDeliveriesAreTriedAgain(t *testing.T) {
	w := newWorld(t)
	topic := w.topic(nil)
	w.subscribed(topic, "/hook", map[string]string{
		"DeliveryPolicy": `{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":3,"numNoDelayRetries":1}}`,
		"RedrivePolicy":  `{"deadLetterTargetArn":"arn:aws:logs:us-east-1:123456789012:log-group:letters"}`,
	})
	w.answer <- 500
	w.answer <- 429
	id := w.say(topic, "again")
	for i := range 3 {
		var d notify.Document
		w.decode(w.next(), &d)
		if d.MessageID != id {
			t.Errorf("attempt %d is of another message", i)
		}
		if i == 1 { // between two attempts
			w.stop()
			w.start()
		}
	}
	w.answer <- 404
	w.say(topic, "refused for good")
	w.next()
	if got := w.letter(); !strings.HasSuffix(got, "log-group:letters after 1: "+strings.TrimPrefix(w.subscriber.URL, "http://")+" answered with status 404") {
		t.Errorf("letter %q", got)
	}
	for range 4 {
		w.answer <- 503
	}
	w.say(topic, "never taken")
	for range 4 {
		w.next()
	}
	if got := w.letter(); !strings.Contains(got, "after 4: ") {
		t.Errorf("letter %q", got)
	}
	w.settled()
}

// settled waits until nothing is left to deliver.
func (w *world) settled() {
	w.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		n := 0
		_ = w.db.View(w.Context(), func(r store.Reader) error {
			for range store.Deliveries.List(r, state.Scope{}, "") {
				n++
			}
			return nil
		})
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("%d deliveries are left", n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A chat's webhook is confirmed, has messages in its own form, and its secret
// is not shown or kept in the open.
func TestAChatIsTold(t *testing.T) {
	w := newWorld(t)
	topic := w.topic(nil)
	hook := w.subscriber.URL + "/slack/T0/B0/verysecret"
	out, err := w.Subscribe(t.Context(), &sdk.SubscribeInput{TopicArn: topic, Protocol: aws.String("http"), Endpoint: &hook})
	if err != nil {
		t.Fatal(err)
	}
	w.say(topic, `{"AlarmName":"high","NewStateValue":"ALARM","OldStateValue":"OK","NewStateReason":"because","StateChangeTime":"2026-11-21T10:00:00.000+0000","Region":"US East (N. Virginia)","AWSAccountId":"123456789012"}`)
	var slack struct {
		Text        string
		Attachments []struct{ Text string }
	}
	if err := json.Unmarshal([]byte(w.next().body), &slack); err != nil || slack.Text != "ALARM: high" || !strings.Contains(slack.Attachments[0].Text, "because") {
		t.Errorf("slack has %+v %v", slack, err)
	}
	got, err := w.GetSubscriptionAttributes(t.Context(), &sdk.GetSubscriptionAttributesInput{SubscriptionArn: out.SubscriptionArn})
	if err != nil {
		t.Fatal(err)
	}
	kept := fmt.Sprint(got.Attributes)
	_ = w.db.View(t.Context(), func(r store.Reader) error {
		for _, s := range store.Subscriptions.List(r, state.Scope{}, "") {
			b, _ := json.Marshal(s)
			kept += string(b)
		}
		return nil
	})
	if strings.Contains(kept, "verysecret") || !strings.Contains(kept, "/slack/T0/B0/****") {
		t.Errorf("the webhook stands in %s", kept)
	}
}

// What Hatoba itself listens on takes no deliveries: they would be calls of its
// APIs by nobody.
func TestHatobaIsNotCalledInItsOwnName(t *testing.T) {
	w := newWorld(t)
	topic := w.topic(nil)
	own := *w.Options().BaseEndpoint + "/?Action=DeleteTopic"
	if _, err := w.Subscribe(t.Context(), &sdk.SubscribeInput{TopicArn: topic, Protocol: aws.String("http"), Endpoint: &own}); err != nil {
		t.Fatal(err)
	}
	w.settled()
	if _, err := w.GetTopicAttributes(t.Context(), &sdk.GetTopicAttributesInput{TopicArn: topic}); err != nil {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	topic := w.topic(nil)
	url := aws.String("http://example.com/")
	for name, c := range map[string]struct {
		code string
		call func() error
	}{
		"fifo": {"InvalidParameter", func() error {
			_, err := w.CreateTopic(t.Context(), &sdk.CreateTopicInput{Name: aws.String("a.fifo"), Attributes: map[string]string{"FifoTopic": "true"}})
			return err
		}},
		"another topic of the name": {"InvalidParameter", func() error {
			_, err := w.CreateTopic(t.Context(), &sdk.CreateTopicInput{Name: aws.String("alerts"), Attributes: map[string]string{"DisplayName": "x"}})
			return err
		}},
		"unknown topic": {"NotFound", func() error {
			_, err := w.Publish(t.Context(), &sdk.PublishInput{TopicArn: aws.String(*topic + "2"), Message: aws.String("x")})
			return err
		}},
		"no topic": {"InvalidParameter: Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter", func() error {
			_, err := w.Publish(t.Context(), &sdk.PublishInput{Message: aws.String("x")})
			return err
		}},
		"email": {"InvalidParameter", func() error {
			_, err := w.Subscribe(t.Context(), &sdk.SubscribeInput{TopicArn: topic, Protocol: aws.String("email"), Endpoint: aws.String("a@b.c")})
			return err
		}},
		"protocol of another endpoint": {"InvalidParameter", func() error {
			_, err := w.Subscribe(t.Context(), &sdk.SubscribeInput{TopicArn: topic, Protocol: aws.String("https"), Endpoint: url})
			return err
		}},
		"a queue for dead letters": {"InvalidParameter", func() error {
			_, err := w.Subscribe(t.Context(), &sdk.SubscribeInput{TopicArn: topic, Protocol: aws.String("http"), Endpoint: url, Attributes: map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:q"}`}})
			return err
		}},
		"wrong token": {"InvalidParameter", func() error {
			_, err := w.ConfirmSubscription(t.Context(), &sdk.ConfirmSubscriptionInput{TopicArn: topic, Token: aws.String("x")})
			return err
		}},
		"retries": {"InvalidParameter", func() error {
			_, err := w.SetTopicAttributes(t.Context(), &sdk.SetTopicAttributesInput{TopicArn: topic, AttributeName: aws.String("DeliveryPolicy"), AttributeValue: aws.String(`{"http":{"defaultHealthyRetryPolicy":{"numRetries":500}}}`)})
			return err
		}},
		"too long": {"InvalidParameter", func() error {
			_, err := w.Publish(t.Context(), &sdk.PublishInput{TopicArn: topic, Message: aws.String(strings.Repeat("x", 256<<10+1))})
			return err
		}},
		"batch": {"BatchEntryIdsNotDistinct", func() error {
			e := types.PublishBatchRequestEntry{Id: aws.String("a"), Message: aws.String("x")}
			_, err := w.PublishBatch(t.Context(), &sdk.PublishBatchInput{TopicArn: topic, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{e, e}})
			return err
		}},
	} {
		var api smithy.APIError
		if err := c.call(); !errors.As(err, &api) || !strings.HasPrefix(api.ErrorCode()+": "+api.ErrorMessage(), c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
