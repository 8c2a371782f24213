package sns

import (
	"fmt"
	"net/http"

	"github.com/hatoba/hatoba/internal/wire"
)

// Errors with AWS's codes and texts. The query protocol's codes have no
// "Exception" behind them.
//
// Source: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html

func invalid(format string, args ...any) error {
	return wire.Errorf("InvalidParameter", "Invalid parameter: %s", fmt.Sprintf(format, args...))
}

func notFound(what string) error {
	return &wire.Error{Code: "NotFound", Message: what + " does not exist", Status: http.StatusNotFound}
}
