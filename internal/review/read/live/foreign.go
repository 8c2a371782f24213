package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var xmlCode = regexp.MustCompile(`<Code>(\w+)</Code>`)

// foreign makes refusals readable that speak another protocol than the client:
// an endpoint that does not serve CloudWatch answers its CBOR with JSON, and
// the SDK then tells of a broken message instead of the refusal.
func foreign(stack *middleware.Stack) error {
	var body []byte // a stack is made for every call
	err := stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("review:refusal", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		var api smithy.APIError
		if err == nil || errors.As(err, &api) && api.ErrorCode() != "BadRequest" && api.ErrorCode() != "UnknownError" {
			return out, metadata, err
		}
		if code := xmlCode.FindSubmatch(body); code != nil {
			return out, metadata, &smithy.GenericAPIError{Code: string(code[1])}
		}
		var said struct {
			Type string `json:"__type"`
		}
		if json.Unmarshal(body, &said) == nil && said.Type != "" {
			err = &smithy.GenericAPIError{Code: said.Type[strings.LastIndexByte(said.Type, '#')+1:]}
		}
		return out, metadata, err
	}), middleware.Before)
	if err != nil {
		return err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("review:refusalBody", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if ok && err == nil && response.StatusCode >= 400 {
			var readErr error
			if body, readErr = io.ReadAll(io.LimitReader(response.Body, 1<<16)); readErr != nil {
				return out, metadata, readErr
			}
			_ = response.Body.Close()
			response.Body = io.NopCloser(bytes.NewReader(body))
		}
		return out, metadata, err
	}), middleware.After)
}
