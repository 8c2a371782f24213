package code

import (
	"fmt"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	for _, c := range []struct {
		name     string
		language Language
		text     string
		want     string
	}{
		{"a.go", Go, "v := os.Getenv(\"A\")\nif v == \"\" {\n v = \"x\"\n}", "A:1:true"},
		{"a.go", Go, "v := os.Getenv(\"A\")\nif v == \"\" {\n log.Fatal(1)\n}", "A:1:false"},
		{"a.go", Go, "// os.Getenv(\"A\")\ns := \"http://x\" + os.Getenv(\"B\")", "B:2:false"},
		{"a.go", Go, "v, ok := os.LookupEnv(\"A\")", "A:1:true"},
		{"a.js", JavaScript, "const a = process.env.A || 'x', p = process.env.B;", "A:1:true B:1:false"},
		{"a.js", JavaScript, "process.env.A = 1; const { X, Y = 2 } = process.env", "X:1:false Y:1:true"},
		{"a.js", JavaScript, "if (!process.env.A) {\n throw new Error()\n}", "A:1:false"},
		{"a.py", Python, "a = os.environ['A']\nb = os.environ.get('B', '1')\nc = os.getenv('C')", "A:1:false B:2:true C:3:false"},
		{"a.rb", Ruby, "ENV.fetch('A')\nENV.fetch('B', 1)\nENV['C'] || 1", "A:1:false B:2:true C:3:true"},
		{"a.rs", Rust, "let a = env::var(\"A\").unwrap_or_default();\nenv::var(\"B\")?;", "A:1:true B:2:false"},
		{"A.kt", JVM, "System.getenv(\"A\") ?: \"x\"\nSystem.getenv(\"B\")", "A:1:true B:2:false"},
		{"a.cs", CSharp, "Environment.GetEnvironmentVariable(\"A\") ?? \"x\";", "A:1:true"},
		{"entrypoint.sh", Shell, ": ${A:?missing}", "A:1:false"},
		{"deploy.sh", Shell, ": ${A:?missing}", ""},
	} {
		reads, _ := Environment([]File{{Path: c.name, Language: c.language, Lines: strings.Split(Uncomment(c.language, c.text), "\n")}})
		var got []string
		for _, r := range reads {
			got = append(got, fmt.Sprintf("%s:%d:%v", r.Name, r.Line, r.Default))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: got %v, want %s", c.text, got, c.want)
		}
	}
}

func FuzzUncomment(f *testing.F) {
	f.Add("a // b\n\"c // d\" /* e\n*/ '''")
	f.Fuzz(func(t *testing.T, text string) {
		for _, language := range languages {
			got := Uncomment(language, text)
			if len(got) != len(text) || strings.Count(got, "\n") != strings.Count(text, "\n") {
				t.Errorf("%s: lines keep their numbers", language)
			}
			Environment([]File{{Path: "entrypoint.sh", Language: language, Lines: strings.Split(got, "\n")}})
		}
	})
}
