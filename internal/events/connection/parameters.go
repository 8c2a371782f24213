package connection

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// add puts parameters into a request. Those of the body need one that is a JSON
// object, or none.
func add(r *http.Request, p *types.ConnectionHttpParameters) error {
	if p == nil {
		return nil
	}
	for _, h := range p.HeaderParameters {
		r.Header.Set(aws.ToString(h.Key), aws.ToString(h.Value))
	}
	if len(p.QueryStringParameters) > 0 {
		q := r.URL.Query()
		for _, v := range p.QueryStringParameters {
			q.Set(aws.ToString(v.Key), aws.ToString(v.Value))
		}
		r.URL.RawQuery = q.Encode()
	}
	if len(p.BodyParameters) == 0 {
		return nil
	}
	body := map[string]json.RawMessage{}
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		if len(b) > 0 && json.Unmarshal(b, &body) != nil {
			return errors.New("the connection has parameters for the body, which is no JSON object")
		}
	}
	for _, v := range p.BodyParameters {
		text, err := json.Marshal(aws.ToString(v.Value))
		if err != nil {
			return err
		}
		body[aws.ToString(v.Key)] = text
	}
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	setBody(r, b)
	return nil
}

func setBody(r *http.Request, b []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

// Shown are parameters as a describing operation shows them: without secrets.
func Shown(p Parameters) *types.ConnectionAuthResponseParameters {
	out := &types.ConnectionAuthResponseParameters{InvocationHttpParameters: shownHTTP(p.InvocationHttpParameters)}
	if b := p.BasicAuthParameters; b != nil {
		out.BasicAuthParameters = &types.ConnectionBasicAuthResponseParameters{Username: b.Username}
	}
	if k := p.ApiKeyAuthParameters; k != nil {
		out.ApiKeyAuthParameters = &types.ConnectionApiKeyAuthResponseParameters{ApiKeyName: k.ApiKeyName}
	}
	if o := p.OAuthParameters; o != nil {
		out.OAuthParameters = &types.ConnectionOAuthResponseParameters{
			AuthorizationEndpoint: o.AuthorizationEndpoint, HttpMethod: o.HttpMethod, OAuthHttpParameters: shownHTTP(o.OAuthHttpParameters),
		}
		if o.ClientParameters != nil {
			out.OAuthParameters.ClientParameters = &types.ConnectionOAuthClientResponseParameters{ClientID: o.ClientParameters.ClientID}
		}
	}
	return out
}

func shownHTTP(p *types.ConnectionHttpParameters) *types.ConnectionHttpParameters {
	if p == nil {
		return nil
	}
	value := func(v *string, secret bool) *string {
		if secret {
			return nil
		}
		return v
	}
	out := &types.ConnectionHttpParameters{}
	for _, h := range p.HeaderParameters {
		out.HeaderParameters = append(out.HeaderParameters, types.ConnectionHeaderParameter{Key: h.Key, Value: value(h.Value, h.IsValueSecret), IsValueSecret: h.IsValueSecret})
	}
	for _, q := range p.QueryStringParameters {
		out.QueryStringParameters = append(out.QueryStringParameters, types.ConnectionQueryStringParameter{Key: q.Key, Value: value(q.Value, q.IsValueSecret), IsValueSecret: q.IsValueSecret})
	}
	for _, b := range p.BodyParameters {
		out.BodyParameters = append(out.BodyParameters, types.ConnectionBodyParameter{Key: b.Key, Value: value(b.Value, b.IsValueSecret), IsValueSecret: b.IsValueSecret})
	}
	return out
}

// forbidden are headers that a connection must not set.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html#eb-api-destination-headers
var forbidden = strings.Fields("a-im accept-charset accept-datetime accept-encoding cache-control connection content-encoding content-length content-md5 date expect forwarded from host http2-settings if-match if-modified-since if-none-match if-range if-unmodified-since max-forwards origin pragma proxy-authorization range referer te trailer transfer-encoding upgrade user-agent via warning")

// Forbidden tells whether a header is EventBridge's own.
func Forbidden(header string) bool {
	for _, name := range forbidden {
		if strings.EqualFold(name, header) {
			return true
		}
	}
	return false
}
