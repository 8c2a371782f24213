package acm

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

func badParameter(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(fmt.Sprintf(format, args...))}
}

const arnPattern = `arn:[\w+=/,.@-]+:acm:[\w+=/,.@-]*:[0-9]+:[\w+=,.@-]+(/[\w+=,.@-]+)*`

var arnForm = regexp.MustCompile(`^` + arnPattern + `$`)

// find is the certificate of an ARN.
func find(r store.Reader, scope state.Scope, arn *string) (state.Key, state.Certificate, error) {
	text := aws.ToString(arn)
	if !arnForm.MatchString(text) {
		return state.Key{}, state.Certificate{}, invalid("1 validation error detected: Value '%s' at 'certificateArn' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", text, arnPattern)
	}
	key := scope.Key(state.CertificateID(text))
	c, ok := store.Certificates.Get(r, key)
	if !ok || c.ARN != text {
		return key, c, &types.ResourceNotFoundException{Message: aws.String("Could not find certificate " + text + ".")}
	}
	return key, c, nil
}
