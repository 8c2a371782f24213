package iam

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/wire"
)

// Errors with AWS's codes, texts and statuses.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html

func failure(status int, code, format string, args ...any) error {
	return &wire.Error{Code: code, Message: fmt.Sprintf(format, args...), Status: status}
}

func noSuch(format string, args ...any) error {
	return failure(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func exists(format string, args ...any) error {
	return failure(http.StatusConflict, "EntityAlreadyExists", format, args...)
}

func conflict(format string, args ...any) error {
	return failure(http.StatusConflict, "DeleteConflict", format, args...)
}

func limitExceeded(format string, args ...any) error {
	return failure(http.StatusConflict, "LimitExceeded", format, args...)
}

func invalid(format string, args ...any) error {
	return failure(http.StatusBadRequest, "ValidationError", format, args...)
}

// constraint is AWS's text for a member that breaks a rule of the model.
func constraint(value any, member, rule string) error {
	return invalid("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// malformed answers a document that does not parse.
func malformed(err error) error {
	if errors.Is(err, policy.ErrMalformed) {
		return failure(http.StatusBadRequest, "MalformedPolicyDocument", "%s", err)
	}
	return err
}
