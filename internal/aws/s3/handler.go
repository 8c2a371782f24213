package s3

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/wire"
)

// ServeHTTP serves one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := s.address(r)
	id := s.newID()
	h := w.Header()
	h.Set("X-Amz-Request-Id", id)
	h.Set("X-Amz-Id-2", id)
	h.Set("Server", "AmazonS3")
	answer, err := s.serve(w, r, at)
	if err != nil {
		s.writeError(w, r, at, id, err)
		return
	}
	for k, v := range answer.Header {
		h[k] = v
	}
	if answer.Stream != nil {
		s.stream(w, r, answer.Status, answer.Stream)
		return
	}
	if h.Get("Content-Length") == "" && answer.Status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(answer.Body)))
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // a client that went away is not news
}

// stream writes an object. When its bytes cannot be read to the end the
// connection is cut: a client must not take a part for the whole.
func (s *Service) stream(w http.ResponseWriter, r *http.Request, status int, body io.ReadCloser) {
	defer body.Close()
	w.WriteHeader(status)
	to := &watched{w: w}
	if _, err := io.CopyBuffer(to, body, make([]byte, 64<<10)); err != nil && to.err == nil && r.Context().Err() == nil {
		s.log.Error("an object cannot be read", "bucket", s.address(r).bucket, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// watched tells errors of the client from those of the object.
type watched struct {
	w   io.Writer
	err error
}

func (w *watched) Write(p []byte) (n int, err error) {
	n, err = w.w.Write(p)
	w.err = err
	return n, err
}

// serve finds, decodes, calls and encodes.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, at address) (none wire.Answer, err error) {
	if err := s.admit(w.Header(), r, at); err != nil {
		return none, err
	}
	if r.Method == http.MethodOptions && r.Header.Get("Origin") != "" {
		return wire.Answer{Status: http.StatusOK}, nil
	}
	caller, err := s.identify(r)
	if err != nil {
		return none, err
	}
	caller.RequestID = w.Header().Get("X-Amz-Request-Id")
	query, err := parameters(r)
	if err != nil {
		return none, err
	}
	hoisted(r, query)
	message := s.codec.Message(r, at.path(), query)
	if message == nil {
		return none, errMarker
	}
	if !message.Served() {
		return none, unsupported("The operation " + message.Operation())
	}
	if query.Has("versionId") && !message.TakesParameter("versionId") {
		return none, invalidArgument("This operation does not accept a version-id.")
	}
	operation := s.ops[message.Operation()]
	if err := refuseHeaders(message, r.Header); err != nil {
		return none, err
	}
	body, err := s.body(w, r, message)
	if err != nil {
		return none, err
	}
	in := reflect.New(operation.in)
	if err := message.Decode(r.Context(), body, in.Interface()); err != nil {
		return none, decodeFailure(err)
	}
	if err := operation.refuseOthers(in.Elem()); err != nil {
		return none, err
	}
	if s.authorize != nil {
		if err := s.authorize(r.Context(), caller, "s3", operation.name, in.Interface()); err != nil {
			return none, denied(err)
		}
	}
	out, err := invoke(r.Context(), operation, &request{Caller: caller, http: r, bucket: at.bucket, key: at.key}, in.Interface())
	if err != nil {
		return none, err
	}
	return encode(message, out)
}

// admit refuses web pages of other origins but those that the bucket's CORS
// rules let in: signatures may not be verified here, and nothing else would
// stop them.
func (s *Service) admit(h http.Header, r *http.Request, at address) error {
	asPost := r.WithContext(r.Context())
	asPost.Method = http.MethodPost // the check takes GET for harmless, but reading is what matters here
	err := s.origins.Check(asPost)
	if r.Header.Get("Origin") == "" || err == nil && r.Method != http.MethodOptions {
		if err != nil {
			return errCORSRefused
		}
		return nil
	}
	return s.allowOrigin(h, r, at)
}

// refuseOthers refuses, by name, members that are set and not taken.
func (o operation) refuseOthers(in reflect.Value) error {
	for i := range in.NumField() {
		field := in.Type().Field(i)
		if field.IsExported() && !o.takes[field.Name] && !in.Field(i).IsZero() {
			return unsupported(fmt.Sprintf("The parameter %s of %s", field.Name, o.name))
		}
	}
	return nil
}

// invoke calls the operation; a panic is an error with its stack.
func invoke(ctx context.Context, o operation, r *request, in any) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return o.call(ctx, r, in)
}

// errorBody is S3's error document.
type errorBody struct {
	XMLName    xml.Name `xml:"Error"`
	Code       string
	Message    string
	BucketName string `xml:",omitempty"`
	Key        string `xml:",omitempty"`
	Resource   string
	RequestID  string `xml:"RequestId"`
	HostID     string `xml:"HostId"`
}

func (s *Service) writeError(w http.ResponseWriter, r *http.Request, at address, id string, err error) {
	answer, ours := answerOf(err)
	if !ours && r.Context().Err() == nil {
		s.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("service", "s3"),
			slog.String("request_id", id), slog.String("method", r.Method), slog.Any("error", err))
	}
	var more *headed
	if errors.As(err, &more) {
		for k, v := range more.header {
			w.Header().Set(k, v)
		}
	}
	status := answer.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	if r.Method == http.MethodHead || status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	_ = xml.NewEncoder(&b).Encode(errorBody{
		Code: answer.Code, Message: answer.Message, BucketName: at.bucket, Key: at.key,
		Resource: r.URL.Path, RequestID: id, HostID: id,
	})
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// hoisted puts the parameters of a presigned request that stand for headers
// where they belong.
func hoisted(r *http.Request, query url.Values) {
	if !query.Has("X-Amz-Signature") && !query.Has("Signature") {
		return
	}
	for name, values := range query {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !ofTransport(lower) && r.Header.Get(name) == "" {
			r.Header.Set(name, values[0])
		}
	}
}

// ofTransport tells the headers that are about the request, not the operation.
func ofTransport(name string) bool {
	switch name {
	case "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-user-agent", "x-amz-te",
		"x-amz-algorithm", "x-amz-credential", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature", "x-amz-sdk-checksum-algorithm", "x-amz-s3session-token":
		return true
	}
	return false
}

// refuseHeaders refuses what is newer than the bindings, and what the
// operation does not know.
func refuseHeaders(m *wire.Message, h http.Header) error {
	for name := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !ofTransport(lower) && !strings.HasPrefix(lower, "x-amz-checksum-") && !m.TakesHeader(name) {
			return unsupported("The header " + lower + " of " + m.Operation())
		}
	}
	return nil
}
