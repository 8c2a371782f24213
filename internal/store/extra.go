package store

import (
	"bytes"
	"encoding/json"
)

// Extra is what a stored record holds beyond what this build knows: its newer
// schema version, and unknown fields at any depth of nested objects. Unknown
// fields inside the elements of a list are not kept, for a list may be
// reordered; neither are those of an object that was itself replaced by null.
type Extra struct {
	version int
	fields  fields
}

// fields is the unknown part of an object: a json.RawMessage for a field that
// is unknown, fields for a known one that has unknown fields inside.
type fields map[string]any

// unknown returns what stored has and known, the same record written by this
// build, has not.
func unknown(stored, known json.RawMessage) (fields, error) {
	var all, ours map[string]json.RawMessage
	if err := json.Unmarshal(stored, &all); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(known, &ours); err != nil {
		return nil, err
	}
	out := fields{}
	for name, value := range all {
		our, ok := ours[name]
		switch {
		case !ok:
			out[name] = value
		case isObject(value) && isObject(our):
			inner, err := unknown(value, our)
			if err != nil {
				return nil, err
			}
			if len(inner) > 0 {
				out[name] = inner
			}
		}
	}
	return out, nil
}

// overlay adds unknown fields to an encoded object.
func overlay(b json.RawMessage, extra fields) (json.RawMessage, error) {
	if len(extra) == 0 {
		return b, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(b, &object); err != nil {
		return nil, err
	}
	for name, value := range extra {
		our, ok := object[name]
		switch value := value.(type) {
		case json.RawMessage:
			if !ok {
				object[name] = value
			}
		case fields:
			if !ok || !isObject(our) {
				continue
			}
			merged, err := overlay(our, value)
			if err != nil {
				return nil, err
			}
			object[name] = merged
		}
	}
	return json.Marshal(object)
}

func isObject(b json.RawMessage) bool { return bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) }
