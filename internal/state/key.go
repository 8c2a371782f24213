package state

// Key names a record inside its table. Account and region are part of every
// key from the first record, so that a cluster may serve several of each.
type Key struct {
	Account string // 12 digits
	Region  string // for example "us-east-1"
	ID      string // unique inside the table, account and region; may contain "/"
}

// Scope is the account and region a request acts in.
type Scope struct {
	Account string
	Region  string
}

// Key returns the key of id inside the scope.
func (s Scope) Key(id string) Key { return Key{Account: s.Account, Region: s.Region, ID: id} }

// Scope returns the account and region of the key.
func (k Key) Scope() Scope { return Scope{Account: k.Account, Region: k.Region} }
