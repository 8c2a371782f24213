package rules

import (
	"cmp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg13 = review.Rule{
	ID:       "CFG-13",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S1:74"},
	Title: review.Text{
		EN: "The bucket of environment files is encrypted with KMS and cannot become public",
		JA: "環境ファイルのバケットは KMS で暗号化され、公開できない",
	},
	Why: review.Text{
		EN: "An environment file is configuration in plain text. With a KMS key, a reader needs a right to the key too; with public access blocked, no mistake in a policy opens it.",
		JA: "環境ファイルは平文の設定です。KMS キーなら読み手に鍵の権限も必要になり、パブリックアクセスを遮断しておけばポリシーの誤りでも公開されません。",
	},
	Todo: review.Text{
		EN: "Set the default encryption of the bucket to aws:kms and turn on all four settings of Block Public Access.",
		JA: "バケットの既定の暗号化を aws:kms にし、ブロックパブリックアクセスの 4 項目をすべて有効にしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: cfg13Live},
	},
}

func cfg13Live(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		for j, f := range c.EnvironmentFiles {
			at, name := td.At("containerDefinitions", i, "environmentFiles", j), str(f.Value)
			g := s.Live.Value.Objects[name]
			if !g.OK || !g.Value.Exists {
				if g.OK {
					g.Why = review.Say("there is no such object", "オブジェクトが存在しない")
				}
				out = append(out, unread(g, at, name))
				continue
			}
			switch e := g.Value.Encryption; {
			case !e.OK:
				out = append(out, unread(e, at, name))
			case strings.HasPrefix(e.Value, "aws:kms"):
				out = append(out, review.Passed(at, "%s: the bucket encrypts with %s", "%s: バケットは %s で暗号化する", name, e.Value))
			default:
				out = append(out, review.Failed(at, "%s: the bucket encrypts with %s, not with a KMS key", "%s: バケットの暗号化は %s で、KMS キーではない", name, cmp.Or(e.Value, "AES256")))
			}
			switch b := g.Value.Blocked; {
			case !b.OK:
				out = append(out, unread(b, at, name))
			case b.Value:
				out = append(out, review.Passed(at, "%s: the bucket blocks public access", "%s: バケットはパブリックアクセスを遮断している", name))
			default:
				out = append(out, review.Failed(at, "%s: the bucket does not block all public access", "%s: バケットのパブリックアクセス遮断が一部無効", name))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container has environmentFiles", "environmentFiles を使うコンテナはない"))
	}
	return out
}
