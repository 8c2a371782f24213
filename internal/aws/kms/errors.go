package kms

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/wire"
)

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// constraint is the answer to an input that breaks its shape's constraint.
func constraint(value, member, rule string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// unsupported refuses by name what AWS has and Hatoba has not.
func unsupported(what string) error {
	return &types.UnsupportedOperationException{Message: aws.String(what + " is not supported by Hatoba.")}
}

// told puts a key's problem into KMS's exception.
func told(err error) error {
	problem, ok := kmskey.Of(err)
	if !ok {
		return err
	}
	text := &problem.Text
	if *text == "" {
		text = nil
	}
	switch problem.Problem {
	case kmskey.NotFound:
		return &types.NotFoundException{Message: text}
	case kmskey.Disabled:
		return &types.DisabledException{Message: text}
	case kmskey.InvalidState:
		return &types.KMSInvalidStateException{Message: text}
	case kmskey.InvalidCiphertext:
		return &types.InvalidCiphertextException{Message: text}
	case kmskey.IncorrectKey:
		return &types.IncorrectKeyException{Message: text}
	}
	return wire.Errorf("AccessDeniedException", "%s", problem.Text)
}

// simply refuses the options of a cryptographic operation that nothing stands
// behind, and tells a dry run from a run.
func simply(grantTokens []string, recipient *types.RecipientInfo) error {
	switch {
	case len(grantTokens) > 0:
		return unsupported("GrantTokens")
	case recipient != nil:
		return unsupported("Recipient (Nitro enclaves)")
	}
	return nil
}

func dryRun(asked *bool, err error) error {
	if err == nil && aws.ToBool(asked) {
		return &types.DryRunOperationException{Message: aws.String("The request would have succeeded, but the DryRun option is set.")}
	}
	return err
}

func isNotFound(err error) bool {
	problem, ok := kmskey.Of(err)
	return ok && problem.Problem == kmskey.NotFound
}
