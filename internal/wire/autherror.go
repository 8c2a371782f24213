package wire

import (
	"errors"
	"net/http"

	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// problem is what a verifier finds beside a signature's own problems.
type problem int

const (
	problemSignature problem = iota // text and signature say which
	problemMissing
	problemUnknownKey
	problemBadToken
	problemExpiredToken
)

// AuthError is a caller who was refused. The same refusal has different codes
// and texts by service; Answer and Object give them.
type AuthError struct {
	problem   problem
	signature sigv4.Problem
	text      string
}

// Error says why.
func (e *AuthError) Error() string {
	code, message, _ := e.Answer("", Query)
	return code + ": " + message
}

// authError makes an *AuthError of what sigv4 refuses; other errors stay.
func authError(err error) error {
	var refused *sigv4.Error
	if errors.As(err, &refused) {
		return &AuthError{signature: refused.Problem, text: refused.Text}
	}
	return err
}

// Answer is what a service says, by its protocol.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
func (e *AuthError) Answer(service string, p Protocol) (code, message string, status int) {
	if service == "ec2" {
		return e.compute()
	}
	query := p == Query || p == RestXML
	status = http.StatusForbidden
	if p == JSON10 || p == JSON11 {
		status = http.StatusBadRequest
	}
	pick := func(json, xml string) string {
		if query {
			return xml
		}
		return json
	}
	switch e.problem {
	case problemMissing:
		return pick("MissingAuthenticationTokenException", "MissingAuthenticationToken"), pick("Missing Authentication Token", "Request is missing Authentication Token"), status
	case problemUnknownKey, problemBadToken:
		return pick("UnrecognizedClientException", "InvalidClientTokenId"), "The security token included in the request is invalid.", status
	case problemExpiredToken:
		return pick("ExpiredTokenException", "ExpiredToken"), "The security token included in the request is expired", status
	}
	switch e.signature {
	case sigv4.Incomplete, sigv4.BadLifeTime, sigv4.MissingHash:
		return pick("IncompleteSignatureException", "IncompleteSignature"), e.text, status
	case sigv4.Expired:
		return "RequestExpired", "Request has expired.", http.StatusBadRequest
	}
	return pick("InvalidSignatureException", "SignatureDoesNotMatch"), e.text, status
}

func (e *AuthError) compute() (code, message string, status int) {
	switch {
	case e.problem == problemMissing:
		return "MissingAuthenticationToken", "Request is missing Authentication Token", http.StatusForbidden
	case e.problem == problemExpiredToken, e.signature == sigv4.Expired, e.signature == sigv4.Skewed:
		return "RequestExpired", "Request has expired.", http.StatusBadRequest
	case e.signature == sigv4.Incomplete, e.signature == sigv4.BadLifeTime, e.signature == sigv4.MissingHash:
		return "IncompleteSignature", e.text, http.StatusBadRequest
	}
	return "AuthFailure", "AWS was not able to validate the provided access credentials", http.StatusUnauthorized
}

// Object is what S3 says.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
func (e *AuthError) Object() (code, message string, status int) {
	switch e.problem {
	case problemMissing:
		return "AccessDenied", "Access Denied", http.StatusForbidden
	case problemUnknownKey:
		return "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", http.StatusForbidden
	case problemBadToken:
		return "InvalidToken", "The provided token is malformed or otherwise invalid.", http.StatusBadRequest
	case problemExpiredToken:
		return "ExpiredToken", "The provided token has expired.", http.StatusBadRequest
	}
	switch e.signature {
	case sigv4.Incomplete:
		return "AuthorizationHeaderMalformed", "The authorization header is malformed; " + e.text, http.StatusBadRequest
	case sigv4.BadLifeTime:
		return "AuthorizationQueryParametersError", e.text, http.StatusBadRequest
	case sigv4.Skewed:
		return "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", http.StatusForbidden
	case sigv4.Expired, sigv4.HeaderNotSigned:
		return "AccessDenied", e.text, http.StatusForbidden
	case sigv4.MissingHash:
		return "MissingSecurityHeader", e.text, http.StatusBadRequest
	case sigv4.PayloadLies:
		return "XAmzContentSHA256Mismatch", e.text, http.StatusBadRequest
	}
	return "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.", http.StatusForbidden
}

// ObjectBodyError finds the refusal in an error that reading a body gave
// which VerifyObject has put its check before.
func ObjectBodyError(err error) (refused *AuthError, ok bool) {
	ok = errors.As(authError(err), &refused)
	return refused, ok
}

// failureOfAuth is a verifier's error on its way to the client.
func failureOfAuth(err error, service string, p Protocol) *failure {
	var refused *AuthError
	if !errors.As(err, &refused) {
		return internalFailure(err)
	}
	f := &failure{}
	f.code, f.message, f.status = refused.Answer(service, p)
	return f
}
