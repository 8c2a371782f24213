package inventory

import (
	"errors"
	"io"

	"github.com/hatoba/hatoba/internal/review"
)

// isRPM finds rpm's database under its old and new places and its three formats.
func isRPM(dir, base string) bool {
	switch dir {
	case "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm":
		return base == "rpmdb.sqlite" || base == "Packages" || base == "Packages.db"
	}
	return false
}

func rpm(review.File, io.Reader) ([]Package, error) {
	return nil, errors.New("an rpm database is present, and Hatoba does not read this format")
}
