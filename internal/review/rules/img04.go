package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var img04 = review.Rule{
	ID:       "IMG-04",
	Pillar:   review.Cost,
	Severity: review.Low,
	Sources:  []string{"S0:15", "S0:16", "S1:85"},
	Title: review.Text{
		EN: "The image is small",
		JA: "イメージが小さい",
	},
	Why: review.Text{
		EN: "Every new task transfers and unpacks the image before it serves: its size is paid in start time at each scale-out, in transfer and in storage.",
		JA: "新しいタスクは毎回、応答を始める前にイメージを転送・展開します。サイズはスケールアウトの遅さ、転送料、保存料になります。",
	},
	Todo: review.Text{
		EN: "Start from a slim base, build in another stage and copy only the result, and look at the largest layers first.",
		JA: "軽量なベースを使い、ビルドは別ステージで行って成果物だけをコピーし、大きいレイヤーから見直してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartImage}, Run: img04Image},
	},
}

// largeImage is the compressed size from which a start is felt: gzip unpacks
// some 100 MB a second on one core, and 500 MB are about 1.5 GB unpacked, so
// 15 seconds pass before the process exists, pull time not counted.
const largeImage = 500e6

func img04Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	var unpacked int64
	largest := 0
	for n, l := range i.Layers {
		unpacked += l.Unpacked
		if l.Size > i.Layers[largest].Size {
			largest = n
		}
	}
	switch {
	case i.Size == 0 && len(i.Layers) == 0:
		return []review.Outcome{review.Unexamined(i.At(), review.Say("give --image a reference or an archive that holds its layers", "レイヤーを含む参照かアーカイブを --image で指定してください"),
			"the image has no layers to measure", "大きさを測るレイヤーがない")}
	case i.Size > largeImage:
		return []review.Outcome{review.Failed(i.At(), "%s to transfer, %s unpacked; the largest layer is %s with %s", "転送量 %s、展開後 %s。最大のレイヤーは %s の %s",
			size(i.Size), size(unpacked), layerName(i, largest), size(i.Layers[largest].Size))}
	}
	return []review.Outcome{review.Passed(i.At(), "%s to transfer, %s unpacked, layers: %d", "転送量 %s、展開後 %s、レイヤー %d 枚", size(i.Size), size(unpacked), len(i.Layers))}
}
