package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var img06 = review.Rule{
	ID:       "IMG-06",
	Pillar:   review.Performance,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Info,
	Sources:  []string{"S0:16"},
	Title: review.Text{
		EN: "The runtime has few files",
		JA: "実行環境のファイルが少ない",
	},
	Why: review.Text{
		EN: "Each file is made anew when a task's image is unpacked; tens of thousands of small ones take longer than their bytes suggest.",
		JA: "イメージの展開時にはファイルが一つずつ作られます。数万の小さなファイルは、バイト数から想像するより時間がかかります。",
	},
	Todo: review.Text{
		EN: "Install only production dependencies, bundle them, or compile to a single binary where the language allows it.",
		JA: "本番用の依存だけを入れる、バンドルする、言語が許すなら単一バイナリにする、のいずれかにしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartImage}, Run: img06Image},
	},
}

// manyFiles is where unpacking is bound by files and no longer by bytes: at some
// 5,000 files a second on a small network disk, these take five seconds.
const manyFiles = 25_000

func img06Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	files := 0
	below := map[string]int{}
	for _, f := range i.Files {
		if f.Hidden || !f.Mode.IsRegular() {
			continue
		}
		files++
		parts := strings.SplitN(f.Path, "/", 4)
		below["/"+strings.Join(parts[:min(len(parts)-1, 3)], "/")]++
	}
	most := ""
	for _, folder := range sortedKeys(below) {
		if below[folder] > below[most] {
			most = folder
		}
	}
	if files > manyFiles {
		return []review.Outcome{review.Failed(i.At(), "%d files, most of them (%d) below %s", "ファイルは %d 個、最多(%d 個)は %s 以下", files, below[most], most)}
	}
	return []review.Outcome{review.Passed(i.At(), "%d files", "ファイルは %d 個", files)}
}
