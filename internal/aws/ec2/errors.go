package ec2

import (
	"net/http"

	"github.com/hatoba/hatoba/internal/wire"
)

// Codes and texts are AWS's.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html

var errDryRun = &wire.Error{Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set.", Status: http.StatusPreconditionFailed}

func missingParameter(name string) error {
	return wire.Errorf("MissingParameter", "The request must contain the parameter %s", name)
}

func unknownParameter(name string) error {
	return wire.Errorf("UnknownParameter", "The parameter %s is not recognized", name)
}

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameterValue", format, args...)
}

func badCombination(format string, args ...any) error {
	return wire.Errorf("InvalidParameterCombination", format, args...)
}

func dependency(noun, id string) error {
	return wire.Errorf("DependencyViolation", "The %s '%s' has dependencies and cannot be deleted.", noun, id)
}

// refused is said of what a network here cannot be.
func refused(format string, args ...any) error {
	return wire.Errorf("UnsupportedOperation", format, args...)
}

func mismatchedToken() error {
	return wire.Errorf("IdempotentParameterMismatch", "The client token has already been used with other parameters.")
}
