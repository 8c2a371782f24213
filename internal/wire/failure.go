package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/aws/smithy-go"
)

// failure is an error on its way to the client.
type failure struct {
	code    string
	message string
	status  int
	shape   string        // name of a modelled exception whose code is another; "": the code
	extra   reflect.Value // of a modelled exception with more members; else invalid
	cause   error         // to be logged: what the client is not told
}

// sender tells whether the client can mend it.
func (f *failure) sender() bool { return f.status < http.StatusInternalServerError }

// failureOf turns what a handler returned into what the client is told: an
// AWS error as it is, with status 500 for the server's fault and 400 for the
// client's unless an *Error says otherwise; anything else as an opaque
// InternalFailure.
func failureOf(ctx context.Context, err error) *failure {
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		return failureOfAPI(api)
	case ctx.Err() != nil:
		return &failure{code: "RequestTimeoutException", message: "The request was given up.", status: http.StatusRequestTimeout}
	}
	return internalFailure(err)
}

func failureOfAPI(api smithy.APIError) *failure {
	f := &failure{code: api.ErrorCode(), message: api.ErrorMessage(), status: http.StatusBadRequest}
	if api.ErrorFault() == smithy.FaultServer {
		f.status = http.StatusInternalServerError
	}
	if own, ok := api.(*Error); ok {
		if own.Status != 0 {
			f.status = own.Status
		}
		f.shape = own.Shape
		return f
	}
	v := reflect.ValueOf(api)
	if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		if _, modelled := v.Elem().Type().FieldByName("ErrorCodeOverride"); modelled {
			f.extra = v.Elem()
			if shape := v.Elem().Type().Name(); shape != f.code {
				f.shape = shape
			}
		}
	}
	return f
}

func internalFailure(cause error) *failure {
	return &failure{
		code:    "InternalFailure",
		message: "Hatoba failed to process the request; its log has the reason under this request id.",
		status:  http.StatusInternalServerError,
		cause:   cause,
	}
}

// Refusals by name. All are 4xx: SDKs retry 5xx, and a retry changes nothing.

func unknownOperation(code string, status int, service *service, operation string) *failure {
	return &failure{
		code:    code,
		message: fmt.Sprintf("%s (%s) has no operation %.100q.", service.Title, service.Name, operation),
		status:  status,
	}
}

func unsupportedOperation(service *service, operation string) *failure {
	return &failure{
		code:    "UnsupportedOperationException",
		message: fmt.Sprintf("Hatoba does not support %s %s yet.", service.Name, operation),
		status:  http.StatusBadRequest,
	}
}

// unservedService names the service where the request does.
func unservedService(name, request, served string) *failure {
	asked := fmt.Sprintf("%.200s", request)
	if name != "" {
		asked = fmt.Sprintf("%.100q (%s)", name, asked)
	}
	return &failure{
		code:    "UnsupportedOperationException",
		message: fmt.Sprintf("Hatoba does not serve %s. It serves %s. To send such requests elsewhere, start it with --forward SERVICE=URL or --forward SERVICE=aws.", asked, served),
		status:  http.StatusBadRequest,
	}
}
