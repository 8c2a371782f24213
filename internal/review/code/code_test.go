package code

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/read"
)

func source(t testing.TB, files map[string]string) *review.Source {
	t.Helper()
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := read.Source(".", dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEnvReads(t *testing.T) {
	for _, tc := range []struct{ file, text, want string }{
		{"a.go", `x := os.Getenv("DB_HOST")`, "DB_HOST:1"},
		{"a.go", "port := os.Getenv(\"PORT\")\nif port == \"\" {\n", "PORT:1?"},
		{"a.go", `v, ok := os.LookupEnv("A")`, "A:1?"},
		{"a.go", `p := cmp.Or(os.Getenv("A"), "b")`, "A:1?"},
		{"a_test.go", `os.Getenv("A")`, ""},
		{"a.go", `// os.Getenv("A")`, ""},
		{"a.js", `const a = process.env.A, b = process.env.B || "x", c = process.env["C"] ?? 1`, "A:1 B:1? C:1?"},
		{"a.ts", `if (!process.env.A) throw 1`, "A:1"},
		{"a.py", "a = os.environ['A']\nb = os.environ.get('B')\nc = os.getenv(\"C\", 1)", "A:1 B:2? C:3?"},
		{"a.rb", `a = ENV.fetch("A"); b = ENV.fetch("B", "x"); c = ENV["C"] || 1`, "A:1 B:1? C:1?"},
		{"A.java", `String a = System.getenv("A"); System.getenv().getOrDefault("B", "x");`, "A:1 B:1?"},
		{"a.php", `$a = getenv('A') ?: 'x'; $b = env('B', 1); $c = $_ENV['C'];`, "A:1? B:1? C:1"},
		{"a.rs", `let a = env::var("A")?; `, "A:1"},
		{"a.rs", `let a = env::var("A").unwrap_or_default();`, "A:1?"},
		{"A.cs", `var a = Environment.GetEnvironmentVariable("A") ?? "x";`, "A:1?"},
		{"run.sh", `: "${A:?}"; echo ${B:-x}`, "A:1 B:1?"},
	} {
		var got []string
		for _, r := range EnvReads(source(t, map[string]string{tc.file: tc.text})) {
			optional := ""
			if r.Optional {
				optional = "?"
			}
			got = append(got, fmt.Sprintf("%s:%d%s", r.Name, r.Line, optional))
		}
		// By way of reading first, then by place: sorted for the comparison.
		want := strings.Fields(tc.want)
		if !same(got, want) {
			t.Errorf("%s %q: %v, want %v", tc.file, tc.text, got, want)
		}
	}
}

func same(a, b []string) bool {
	count := map[string]int{}
	for _, s := range a {
		count[s]++
	}
	for _, s := range b {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestMainLanguage(t *testing.T) {
	s := source(t, map[string]string{"main.go": strings.Repeat("x\n", 100), "a.py": "x", "run.sh": strings.Repeat("x", 1000), "main_test.go": strings.Repeat("x", 9999)})
	if Main(s) != "Go" {
		t.Error(Main(s))
	}
	if Main(source(t, map[string]string{"README.md": "x"})) != "" {
		t.Error("prose is no language")
	}
}

func TestCI(t *testing.T) {
	s := source(t, map[string]string{".github/workflows/ci.yml": "# trivy\njobs:\n  - run: go test", "src/ci.yml": "trivy"})
	if files := CI(s); len(files) != 1 || strings.Contains(files[0].Text, "trivy") {
		t.Errorf("%+v", files)
	}
}

func FuzzEnvReads(f *testing.F) {
	f.Add("a := os.Getenv(\"A\")\nif a == \"\" {")
	f.Fuzz(func(t *testing.T, text string) {
		for ext := range languages {
			EnvReads(source(t, map[string]string{"a" + ext: text}))
		}
	})
}
