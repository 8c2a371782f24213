package envfile_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/hatoba/hatoba/internal/envfile"
	"github.com/hatoba/hatoba/internal/state"
)

// TestGolden parses each archive's "in" (escapes of Go in it) and compares with
// "out": a line per variable, or the error.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			in := strings.NewReplacer(`\r`, "\r", `\t`, "\t", `\xff`, "\xff", `\0`, "\x00", `\BOM`, "\ufeff").Replace(string(archive.Files[0].Data))
			var out strings.Builder
			variables, err := envfile.Parse([]byte(in))
			for _, v := range variables {
				fmt.Fprintf(&out, "%q=%q\n", v.Name, v.Value)
			}
			if err != nil {
				fmt.Fprintf(&out, "error: %v\n", err)
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	file := func(pairs ...string) (out []state.Variable) {
		for _, p := range pairs {
			n, v, _ := strings.Cut(p, "=")
			out = append(out, state.Variable{Name: n, Value: v})
		}
		return out
	}
	defined := func(n string) bool { return n == "DEFINED" }
	got := envfile.Merge(defined, file("A=1", "DEFINED=file", "B=1", "B=2"), file("A=2", "C=3"))
	if diff := cmp.Diff(map[string]string{"A": "1", "B": "2", "C": "3"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestObject(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:s3:::conf/app.env":              "conf app.env",
		"arn:aws-cn:s3:::con.f/a/b c.env":        "con.f a/b c.env",
		"arn:aws:s3:::conf/../../etc/passwd.env": "refused",
		"arn:aws:s3:::conf/./a.env":              "refused",
		"arn:aws:s3:::../a.env":                  "refused",
		"arn:aws:s3:::conf/app.txt":              "refused",
		"arn:aws:s3:::conf/app.env\n":            "refused",
		"arn:aws:s3:::conf/":                     "refused",
		"arn:aws:s3:us-east-1:1:conf/a.env":      "refused",
		"s3://conf/app.env":                      "refused",
		"":                                       "refused",
		"arn:aws:s3:::conf/" + strings.Repeat("a", 1100) + ".env": "refused",
	} {
		bucket, key, err := envfile.Object(arn)
		got := bucket + " " + key
		if err != nil {
			got = "refused"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", arn, got, want)
		}
	}
}

// FuzzParse holds that every name and value can stand in a process's
// environment, and that errors show nothing of the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte("A=1\r\n#c\n\n B=\"x\"\nC"))
	f.Add([]byte("\xef\xbb\xbfA=\xff"))
	f.Add([]byte("=x\nA B=1\nA=\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		variables, err := envfile.Parse(content)
		if err != nil && errors.Unwrap(err) != nil {
			t.Fatal("errors stand alone")
		}
		for _, v := range variables {
			if v.Name == "" || strings.ContainsAny(v.Name, "= \t\n\x00") || strings.ContainsAny(v.Value, "\n\x00") {
				t.Fatalf("%q=%q", v.Name, v.Value)
			}
		}
	})
}
