package rules

import (
	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var mon23 = review.Rule{
	ID:       "MON-23",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S3-Trace"},
	Title: review.Text{
		EN: "Tracing uses OpenTelemetry rather than one vendor's library",
		JA: "トレースは特定ベンダーのライブラリではなく OpenTelemetry を使う",
	},
	Why: review.Text{
		EN: "Code written for one vendor's library must be written again to send traces anywhere else.",
		JA: "特定ベンダーのライブラリ向けに書いたコードは、送信先を変えるときに書き直しになります。",
	},
	Todo: review.Text{
		EN: "Use the OpenTelemetry SDK and let a collector send to the vendor.",
		JA: "OpenTelemetry SDK を使い、ベンダーへの送信はコレクターに任せてください。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartSource},
		Run: func(s *review.Subject) (out []review.Outcome) {
			src := s.Source.Value
			for _, t := range code.Tracers(src) {
				if at := src.Place(t.Path, t.Line); t.Vendor {
					out = append(out, review.Failed(at, "%s is one vendor's library", "%s は特定ベンダーのライブラリ", t.Name))
				} else {
					out = append(out, review.Passed(at, "%s is used", "%s を使っている", t.Name))
				}
			}
			if len(out) == 0 {
				out = append(out, review.Passed(review.Place{File: src.Root}, "no tracing library is used", "トレースライブラリは使われていない"))
			}
			return out
		},
	}},
}
