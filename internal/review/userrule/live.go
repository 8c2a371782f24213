package userrule

import (
	"io/fs"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/hatoba/hatoba/internal/review"
)

// octal is a file's mode as ls and chmod write it, with the three bits before
// the permissions.
func octal(f review.File) uint32 {
	mode := uint32(f.Mode.Perm())
	for bit, octal := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if f.Mode&bit != 0 {
			mode |= octal
		}
	}
	return mode
}

// withheld are the parts of Live that may hold secrets.
var withheld = map[string]bool{"LogLines": true}

// live gives what was read; what was not read is no key of the map, so that a
// rule that asks for it is not examined.
func live(l *review.Live) map[string]any {
	out := map[string]any{"account": l.Account, "region": l.Region}
	v := reflect.ValueOf(l).Elem()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		if (isGiven(f) || f.Kind() == reflect.Map) && !withheld[name] {
			if value := plain(f); value != nil {
				out[lower(name)] = value
			}
		}
	}
	return out
}

type unread struct {
	name     string // the key that is missing
	why, how review.Text
}

func unreadLive(l *review.Live) (out []unread) {
	add := func(name string, given reflect.Value) {
		if !given.FieldByName("OK").Bool() {
			out = append(out, unread{name, given.FieldByName("Why").Interface().(review.Text), given.FieldByName("How").Interface().(review.Text)})
		}
	}
	v := reflect.ValueOf(l).Elem()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		switch {
		case withheld[name]:
		case isGiven(f):
			add(lower(name), f)
		case f.Kind() == reflect.Map:
			for _, k := range f.MapKeys() {
				add(k.String(), f.MapIndex(k))
			}
		}
	}
	return out
}

// isGiven reports whether a value is a review.Given of something.
func isGiven(v reflect.Value) bool {
	return v.Kind() == reflect.Struct && v.FieldByName("OK").IsValid() && v.FieldByName("Why").IsValid()
}

// plain turns the SDK's structs into what their JSON would be: names begin with
// a small letter, what is not set is left out, lists are never null.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return t
		}
		if isGiven(v) {
			if !v.FieldByName("OK").Bool() {
				return nil
			}
			return plain(v.FieldByName("Value"))
		}
		out := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Name == "Prints" {
				continue
			}
			if value := plain(v.Field(i)); value != nil {
				out[lower(f.Name)] = value
			}
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for _, k := range v.MapKeys() {
			if value := plain(v.MapIndex(k)); value != nil {
				out[k.String()] = value
			}
		}
		return out
	case reflect.Slice, reflect.Array:
		out := make([]any, 0, v.Len())
		for i := range v.Len() {
			out = append(out, plain(v.Index(i)))
		}
		return out
	case reflect.String: // also AWS's enumerations
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	}
	return nil
}

// lower is ClusterArn → clusterArn, ARN → arn, KMSKey → kmsKey.
func lower(name string) string {
	runes := []rune(name)
	n := 0
	for n < len(runes) && unicode.IsUpper(runes[n]) {
		n++
	}
	if n > 1 && n < len(runes) {
		n--
	}
	return strings.ToLower(string(runes[:n])) + string(runes[n:])
}
