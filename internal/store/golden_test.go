package store

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden records that are missing")

// sample returns a T with every field set; the golden files are made of it.
func (t Table[T]) sample() any {
	var record T
	fill(reflect.ValueOf(&record).Elem(), 0)
	return record
}

// TestGoldenRecords loads a record of every table as each release wrote it.
// A golden file of a released version never changes; before the first release
// delete one and run with -update after a field was renamed or removed.
func TestGoldenRecords(t *testing.T) {
	for _, table := range tables() {
		t.Run(table.name(), func(t *testing.T) {
			path := filepath.Join("testdata", "v1", table.name()+".json")
			golden, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) && *update {
				golden = writeGolden(t, path, table)
			} else if err != nil {
				t.Fatalf("%v; run: go test ./internal/store -run Golden -update", err)
			}
			record, extra, err := table.codec().Decode(golden)
			if err != nil {
				t.Fatal(err)
			}
			again, err := table.codec().Encode(record, nil)
			if err != nil {
				t.Fatal(err)
			}
			if lost := missing(generic(t, golden), generic(t, again)); lost != "" || extra != nil {
				t.Errorf("the record's field %q is lost (unknown: %v)", lost, extra)
			}
		})
	}
}

// Records change hands only in their stored form; it must say all they say.
func TestEveryFieldIsStored(t *testing.T) {
	for _, table := range tables() {
		record := table.(interface{ sample() any }).sample()
		b, err := table.codec().Encode(record, nil)
		if err != nil {
			t.Fatal(err)
		}
		back, _, err := table.codec().Decode(b)
		if err != nil {
			t.Errorf("%s: %v", table.name(), err)
			continue
		}
		if !reflect.DeepEqual(record, back) {
			t.Errorf("%s: a record read back differs:\n%s", table.name(), cmp.Diff(generic(t, b), generic(t, mustEncode(t, table, back))))
		}
	}
}

func mustEncode(t *testing.T, table AnyTable, record any) []byte {
	t.Helper()
	b, err := table.codec().Encode(record, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeGolden(t *testing.T, path string, table AnyTable) []byte {
	t.Helper()
	b := mustEncode(t, table, table.(interface{ sample() any }).sample())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

func generic(t *testing.T, b []byte) (out any) {
	t.Helper()
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// missing names a value of want that got lacks; more in got is no harm.
func missing(want, got any) string {
	object, ok := want.(map[string]any)
	if !ok {
		if list, ok := want.([]any); ok {
			other, _ := got.([]any)
			for i := range list {
				if i >= len(other) {
					return "[]"
				}
				if lost := missing(list[i], other[i]); lost != "" {
					return "[]." + lost
				}
			}
			return ""
		}
		if !reflect.DeepEqual(want, got) {
			return "(value)"
		}
		return ""
	}
	other, _ := got.(map[string]any)
	for name, value := range object {
		inner, ok := other[name]
		if !ok {
			return name
		}
		if lost := missing(value, inner); lost != "" {
			return name + "." + lost
		}
	}
	return ""
}

var special = []string{`"2026-11-21T07:28:04.5Z"`, `"172.31.0.0/16"`, `"172.31.0.4"`, `"RUNNING"`}

// fill sets every exported field under v to something that is not zero.
func fill(v reflect.Value, depth int) {
	if _, ok := v.Addr().Interface().(json.Unmarshaler); ok || v.Type() == reflect.TypeFor[time.Time]() || fromText(v) {
		for _, text := range special {
			if json.Unmarshal([]byte(text), v.Addr().Interface()) == nil {
				return
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		if depth < 12 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), depth+1)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), depth+1)
			}
		}
	}
}

func fromText(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(interface{ UnmarshalText([]byte) error })
	return ok
}
