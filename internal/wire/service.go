// Package wire speaks AWS's protocols: it decodes a request into the SDK's own
// input type, calls the operation and encodes the SDK's output type or the
// error. It knows no service; the front doors in internal/aws describe
// themselves with a Service.
package wire

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/state"
)

// Caller is who sent a request and where to.
type Caller struct {
	Scope     state.Scope // account of the identity, region of the credential scope, else the configured ones
	Identity  Identity    // who calls: the key's holder, else the listener's guest, else the root of Scope.Account
	AccessKey string      // "" when unsigned
	RequestID string      // also in the answer's headers
	Endpoint  string      // scheme and host the request was sent to, "http://127.0.0.1:4566"
}

// Protocol is one of AWS's wire protocols.
type Protocol string

// The protocols served.
const (
	JSON10   Protocol = "json-1.0"
	JSON11   Protocol = "json-1.1"
	Query    Protocol = "query"
	RestJSON Protocol = "rest-json"
	RestXML  Protocol = "rest-xml"
	CBOR     Protocol = "rpc-v2-cbor"
	EC2Query Protocol = "ec2" // its types have their names in `ec2` tags
)

// Naming is how a Go field name of the SDK becomes a wire name, with the
// service's complete list of exceptions.
type Naming struct {
	LowerFirst bool // default rule: lower-case the first letter; else as is
	// Except maps "Type.Field" to the exact wire name.
	Except map[string]string
}

// Service describes a front door.
type Service struct {
	Name         string // as in the credential scope and the exception texts: "ecs", "logs"
	Title        string // for people: "Amazon ECS"
	Protocol     Protocol
	Also         []Protocol // spoken besides: CloudWatch's clients speak three
	TargetPrefix string     // of X-Amz-Target, JSON protocols; the service's name in RPC v2
	APIVersion   string     // of the query protocol: "2011-06-15"
	Namespace    string     // XML namespace of query answers
	// Statuses are the HTTP statuses of exceptions, by code, that are not 400;
	// services with Bindings have them there.
	Statuses   map[string]int
	Naming     Naming
	Bindings   *Bindings // of the REST protocols
	Operations []Operation
	// Client is the SDK's client type (for example (*ecs.Client)(nil)): every
	// operation it has and Operations has not is refused by name.
	Client any
}

// speaks tells whether a service speaks one of the protocols.
func (s Service) speaks(protocols ...Protocol) bool {
	for _, p := range protocols {
		if s.Protocol == p || slices.Contains(s.Also, p) {
			return true
		}
	}
	return false
}

// Operation is one operation of a Service. Make it with Op.
type Operation struct {
	Name   string
	Input  reflect.Type // struct, not pointer
	Output reflect.Type // struct, not pointer
	// Unsigned operations are called by who has no key yet, such as
	// AssumeRoleWithWebIdentity: they are not asked for a signature.
	Unsigned bool
	call     func(ctx context.Context, caller Caller, in any) (any, error)
}

// Op binds an operation's name to its handler. I and O are the SDK's Input
// and Output structs. The handler returns a pointer to the output, or an
// error: the SDK's modelled exception (for example *types.ClientException),
// an *Error, or anything else, which reaches the client as an opaque server
// error and the log in full.
func Op[I, O any](name string, handler func(ctx context.Context, caller Caller, in *I) (*O, error)) Operation {
	return Operation{
		Name:   name,
		Input:  reflect.TypeFor[I](),
		Output: reflect.TypeFor[O](),
		call: func(ctx context.Context, caller Caller, in any) (any, error) {
			return handler(ctx, caller, in.(*I))
		},
	}
}

// Error is an error answer that the SDK has no type for.
type Error struct {
	Code    string // AWS's code, for example "ValidationException"
	Message string // for the user: what is wrong and what to do
	Status  int    // HTTP status, 0: 400
	// Shape is the exception's name in JSON and CBOR where Code is that of the
	// query protocol, which the service's clients once spoke; "": Code.
	Shape string
}

// Error returns code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode returns the code; with the next two it is a smithy.APIError, as
// the SDK's modelled exceptions are.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage returns the message.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault tells whose fault it is.
func (e *Error) ErrorFault() smithy.ErrorFault {
	if e.Status >= 500 {
		return smithy.FaultServer
	}
	return smithy.FaultClient
}

var _ smithy.APIError = (*Error)(nil)

// Errorf builds an Error with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// With is the operation answered by another handler: what its shapes carry can
// be looked at without what it does.
func (o Operation) With(handler func(ctx context.Context, caller Caller, in any) (any, error)) Operation {
	o.call = handler
	return o
}
