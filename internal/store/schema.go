package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// Codec turns a table's records into bytes and back. A record is stored as
// {"v":<schema version>,"r":<record>}. Fields of the record that this build
// does not know, because a newer one wrote them, are kept when the record is
// written again.
type Codec struct {
	version int
	known   map[string]bool
	decode  func([]byte) (any, error)
}

// Extra holds the fields of a stored record that this build does not know.
type Extra map[string]json.RawMessage

type envelope struct {
	Version int             `json:"v"`
	Record  json.RawMessage `json:"r"`
}

// Decode reads a stored record.
func (c Codec) Decode(b []byte) (record any, extra Extra, err error) {
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, nil, err
	}
	if record, err = c.decode(e.Record); err != nil {
		return nil, nil, err
	}
	if e.Version > c.version {
		fields := Extra{}
		if err := json.Unmarshal(e.Record, &fields); err != nil {
			return nil, nil, err
		}
		for name, value := range fields {
			if !c.known[strings.ToLower(name)] {
				if extra == nil {
					extra = Extra{}
				}
				extra[name] = value
			}
		}
	}
	return record, extra, nil
}

// Encode writes a record, with the unknown fields its stored form had.
func (c Codec) Encode(record any, extra Extra) ([]byte, error) {
	b, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	version := c.version
	if len(extra) > 0 {
		fields := Extra{}
		if err := json.Unmarshal(b, &fields); err != nil {
			return nil, err
		}
		for name, value := range extra {
			fields[name] = value
		}
		if b, err = json.Marshal(fields); err != nil {
			return nil, err
		}
		version++ // still newer than what this build writes
	}
	out, err := json.Marshal(envelope{version, b})
	if err == nil && len(out) > MaxRecordSize {
		return nil, fmt.Errorf("%w: the record takes %d bytes, at most %d are stored", ErrTooMuch, len(out), MaxRecordSize)
	}
	return out, err
}

// coded is a table without its type.
type coded interface {
	name() string
	codec() Codec
}

func (t Table[T]) name() string { return t.Name }

func (t Table[T]) codec() Codec {
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		known[strings.ToLower(name)] = true
	}
	return Codec{version: t.Version, known: known, decode: func(b []byte) (any, error) {
		var record T
		err := json.Unmarshal(b, &record)
		return record, err
	}}
}

// Schema is every table's codec by name.
func Schema() map[string]Codec {
	out := map[string]Codec{}
	for _, t := range tables() {
		out[t.name()] = t.codec()
	}
	return out
}

const root = "/v1/"

// Path is the key a record is kept under.
func Path(table string, key state.Key) string {
	return root + table + "/" + key.Account + "/" + key.Region + "/" + key.ID
}

// ParsePath takes a Path apart; false means it is none.
func ParsePath(path string) (table string, key state.Key, ok bool) {
	rest, ok := strings.CutPrefix(path, root)
	if !ok {
		return "", key, false
	}
	parts := strings.SplitN(rest, "/", 4)
	if len(parts) != 4 {
		return "", key, false
	}
	return parts[0], state.Key{Account: parts[1], Region: parts[2], ID: parts[3]}, true
}
