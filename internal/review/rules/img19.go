package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var img19 = review.Rule{
	ID:       "IMG-19",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Low,
	Sources:  []string{"S1:85", "S1:86"},
	Title: review.Text{
		EN: "The image holds no build tools and no build libraries",
		JA: "イメージにビルドツールやビルド用ライブラリを残さない",
	},
	Why: review.Text{
		EN: "A compiler in production serves only those who break in; headers and development packages are weight and flaws to patch.",
		JA: "本番のコンパイラが役立つのは侵入者だけです。ヘッダーや開発用パッケージは、重さと、直すべき脆弱性になります。",
	},
	Todo: review.Text{
		EN: "Build in another stage and copy the result. What must be compiled at installation time is compiled there, too.",
		JA: "別ステージでビルドし、成果物だけをコピーしてください。インストール時にコンパイルが必要なものも、そこで済ませます。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartImage}, Run: img19Image},
	},
}

var (
	buildTool = regexp.MustCompile(`^(gcc|g\+\+|cc|c\+\+|clang|clang\+\+|make|cmake|ninja|cargo|rustc|javac|mvn|gradle|ld|ld\.bfd|([a-z0-9_]+-)+linux-(gnu|musl)[a-z]*-(gcc|g\+\+)(-[0-9]+)?)$`)
	programs  = regexp.MustCompile(`(^|/)s?bin/[^/]+$`)
	debPkg    = regexp.MustCompile(`(?m)^Package: (\S+)$`)
	apkPkg    = regexp.MustCompile(`(?m)^P:(\S+)$`)
)

func img19Image(s *review.Subject) (out []review.Outcome) {
	i := s.Image.Value
	var tools, libraries []string
	for _, f := range i.Visible() {
		base := path.Base(f.Path)
		switch {
		case f.Mode.IsRegular() && f.Mode&0o111 != 0 && programs.MatchString(f.Path) && (buildTool.MatchString(base) || strings.HasSuffix(f.Path, "go/bin/go")):
			tools = append(tools, "/"+f.Path)
		case f.Path == "var/lib/dpkg/status":
			libraries = append(libraries, development(debPkg, f.Content)...)
		case strings.HasSuffix(f.Path, "lib/apk/db/installed"):
			libraries = append(libraries, development(apkPkg, f.Content)...)
		}
	}
	if len(tools) > 0 {
		out = append(out, review.Failed(i.At(), "build tools: %s", "ビルドツール: %s", some(tools)))
	}
	if len(libraries) > 0 {
		out = append(out, review.Failed(i.At(), "development packages: %s", "開発用パッケージ: %s", some(libraries)))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(i.At(), "no compiler, linker or build system, no -dev package", "コンパイラ、リンカー、ビルドシステム、-dev パッケージはない"))
	}
	return out
}

// development are the packages that only builds need.
func development(re *regexp.Regexp, database []byte) (out []string) {
	for _, m := range re.FindAllSubmatch(database, -1) {
		if name := string(m[1]); strings.HasSuffix(name, "-dev") || name == "build-essential" || name == "build-base" {
			out = append(out, name)
		}
	}
	return out
}
