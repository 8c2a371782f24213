package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// Codec turns a table's records into bytes and back. A record is stored as
// {"v":<schema version>,"r":<record>}. Fields of the record that this build
// does not know, because a newer one wrote them, are kept when the record is
// written again: see Extra.
type Codec struct {
	version int
	decode  func(b []byte, strict bool) (any, error)
}

type envelope struct {
	Version int             `json:"v"`
	Record  json.RawMessage `json:"r"`
}

// Decode reads a stored record. extra is nil when this build knows all of it.
func (c Codec) Decode(b []byte) (record any, extra *Extra, err error) {
	// Nearly always this build wrote it.
	if inner, ok := bytes.CutPrefix(b, c.opening()); ok && bytes.HasSuffix(inner, closing) {
		if record, err = c.decode(bytes.TrimSuffix(inner, closing), true); err == nil {
			return record, nil, nil
		}
	}
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, nil, err
	}
	// Nearly always every field is known, and one strict pass shows it.
	if record, err = c.decode(e.Record, true); err == nil {
		if e.Version > c.version {
			extra = &Extra{version: e.Version}
		}
		return record, extra, nil
	}
	if record, err = c.decode(e.Record, false); err != nil {
		return nil, nil, err
	}
	if e.Version < c.version {
		return record, nil, nil // what an older build wrote and this one dropped
	}
	known, err := json.Marshal(record)
	if err != nil {
		return nil, nil, err
	}
	fields, err := unknown(e.Record, known)
	if err != nil {
		return nil, nil, err
	}
	return record, &Extra{version: e.Version, fields: fields}, nil
}

// opening is what Encode writes before a record.
func (c Codec) opening() []byte { return fmt.Appendf(nil, `{"v":%d,"r":`, c.version) }

// closing is what it writes after one.
var closing = []byte("}")

// Encode writes a record, with the unknown fields its stored form had. A
// record of a newer schema version keeps that version.
func (c Codec) Encode(record any, extra *Extra) ([]byte, error) {
	b, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	version := c.version
	if extra != nil {
		version = max(version, extra.version)
		if b, err = overlay(b, extra.fields); err != nil {
			return nil, err
		}
	}
	out := fmt.Appendf(make([]byte, 0, len(b)+16), `{"v":%d,"r":%s}`, version, b)
	if len(out) > MaxRecordSize {
		return nil, fmt.Errorf("%w: the record takes %d bytes, at most %d are stored", ErrTooMuch, len(out), MaxRecordSize)
	}
	return out, nil
}

// AnyTable is a Table[T] of any T.
type AnyTable interface {
	name() string
	codec() Codec
}

func (t Table[T]) name() string { return t.Name }

func (t Table[T]) codec() Codec {
	return Codec{version: t.Version, decode: func(b []byte, strict bool) (any, error) {
		var record T
		d := json.NewDecoder(bytes.NewReader(b))
		if strict {
			d.DisallowUnknownFields()
		}
		err := d.Decode(&record)
		if err == nil && d.InputOffset() != int64(len(b)) {
			err = fmt.Errorf("%d bytes follow the record", int64(len(b))-d.InputOffset())
		}
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

// TablePath is the prefix of every Path of a table.
func TablePath(table string) string { return root + table + "/" }

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
