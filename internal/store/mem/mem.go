// Package mem is the store's in-memory engine, for tests of pure logic. It
// passes the same suite as the durable one.
package mem

import (
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mvcc"
)

// New returns an empty store that ends with the process.
func New() store.Store {
	db, err := mvcc.New(nil, nil)
	if err != nil {
		panic("an empty store cannot fail to load: " + err.Error())
	}
	return db
}
