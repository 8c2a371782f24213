package mem

import (
	"testing"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/storetest"
)

func TestSuite(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return New() })
}
