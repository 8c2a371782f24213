package rules

import (
	"path"
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var img06 = review.Rule{
	ID:       "IMG-06",
	Pillar:   review.Performance,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Low,
	Sources:  []string{"S0:16"},
	Title: review.Text{
		EN: "The runtime has few files, and only files it runs with",
		JA: "実行環境のファイルは少なく、動作に必要なものだけ",
	},
	Why: review.Text{
		EN: "Each file is made anew when a task's image is unpacked, and what no process reads is transferred all the same: download caches, version control, leftovers in /tmp.",
		JA: "展開時にはファイルが一つずつ作られます。誰も読まないダウンロードキャッシュ、バージョン管理のデータ、/tmp の残り物も毎回転送されます。",
	},
	Todo: review.Text{
		EN: "Install without a cache (pip --no-cache-dir, RUN --mount=type=cache), keep .git out with .dockerignore, and take only production dependencies or a single binary.",
		JA: "キャッシュを残さず入れ(pip --no-cache-dir、RUN --mount=type=cache)、.git は .dockerignore で外し、本番用の依存だけか単一バイナリにしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartImage}, Run: img06Image},
	},
}

// manyFiles is where unpacking is bound by files and no longer by bytes: at some
// 5,000 files a second on a small network disk, these take five seconds.
const manyFiles = 25_000

// neverRead are folders that builds leave and no service reads. Other things below
// .cache, models and browsers, may be what the service lives on.
var neverRead = regexp.MustCompile(`^(.*/)?(\.git|\.hg|\.svn|\.npm/_cacache|\.cache/(pip|uv|pypoetry|go-build|yarn|composer|node-gyp)|\.m2/repository|\.gradle/caches|\.cargo/registry|go/pkg/mod/cache)/|^(var/)?tmp/`)

func img06Image(s *review.Subject) (out []review.Outcome) {
	i := s.Image.Value
	files := 0
	below, needless := map[string]int{}, map[string]int64{}
	for _, f := range i.Files {
		if f.Hidden || !f.Mode.IsRegular() {
			continue
		}
		files++
		below[path.Dir("/"+f.Path)]++
		if folder := neverRead.FindString(f.Path); folder != "" {
			needless["/"+folder] += f.Size
		}
	}
	for _, folder := range sortedKeys(needless) {
		if needless[folder] > leftover {
			out = append(out, review.Failed(i.At(), "%s in %s, which no service reads", "%s が %s にあるが、サービスは読まない", size(needless[folder]), folder))
		}
	}
	if files > manyFiles {
		most := ""
		for _, folder := range sortedKeys(below) {
			if below[folder] > below[most] {
				most = folder
			}
		}
		out = append(out, review.Failed(i.At(), "%d files; the fullest folder is %s with %d", "ファイルが %d 個。最多のフォルダーは %s の %d 個", files, most, below[most]))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(i.At(), "files: %d, and none left over from the build", "ファイルは %d 個で、ビルドの残り物はない", files))
	}
	return out
}
