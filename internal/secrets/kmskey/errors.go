package kmskey

import (
	"errors"
	"fmt"
)

// Problem is why a key cannot do what was asked, by KMS's name.
type Problem string

// The problems.
const (
	NotFound          Problem = "NotFoundException"
	Disabled          Problem = "DisabledException"
	InvalidState      Problem = "KMSInvalidStateException"
	InvalidCiphertext Problem = "InvalidCiphertextException"
	IncorrectKey      Problem = "IncorrectKeyException"
	AccessDenied      Problem = "AccessDeniedException"
)

// Error is a problem with its text.
type Error struct {
	Problem Problem
	Text    string
}

// Error returns problem and text.
func (e *Error) Error() string { return string(e.Problem) + ": " + e.Text }

func refuse(p Problem, format string, args ...any) error {
	return &Error{Problem: p, Text: fmt.Sprintf(format, args...)}
}

// Of finds the problem in an error.
func Of(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}
