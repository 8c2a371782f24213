package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var log12 = review.Rule{
	ID:       "LOG-12",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Medium,
	Sources:  []string{"S0:31"},
	Title: review.Text{
		EN: "The log router's own configuration can be found",
		JA: "ログルーターのカスタム設定が見つかる場所にある",
	},
	Why: review.Text{
		EN: "A router that cannot load its configuration does not start, and the containers that wait for it do not either.",
		JA: "設定を読み込めないルーターは起動せず、それを待つコンテナも起動しません。",
	},
	Todo: review.Text{
		EN: "Set config-file-type to file with an absolute path in the router's image, or (not on Fargate) to s3 with the object's ARN.",
		JA: "config-file-type を file にしてルーターのイメージ内の絶対パスを書くか、(Fargate 以外では)s3 にしてオブジェクトの ARN を書いてください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: log12File}},
}

func log12File(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for _, i := range routers(td) {
		o := td.ContainerDefinitions[i].FirelensConfiguration.Options
		kind, value := o["config-file-type"], o["config-file-value"]
		at := td.At("containerDefinitions", i, "firelensConfiguration", "options", "config-file-value")
		switch {
		case kind == "" && value == "":
			out = append(out, review.Passed(at, "the router runs with the configuration that ECS generates", "ルーターは ECS が生成する設定で動く"))
		case kind == "" || value == "":
			out = append(out, review.Failed(at, "config-file-type %q and config-file-value %q go together", "config-file-type %q と config-file-value %q は両方必要", kind, value))
		case kind == "s3" && onFargate(s):
			out = append(out, review.Failed(td.At("containerDefinitions", i, "firelensConfiguration", "options", "config-file-type"),
				"config-file-type s3: Fargate takes only file", "config-file-type が s3(Fargate では file のみ)"))
		case kind == "s3" && !objectARN(value):
			out = append(out, review.Failed(at, "%q is not an object's ARN", "%q はオブジェクトの ARN ではない", value))
		case kind == "file" && !strings.HasPrefix(value, "/"):
			out = append(out, review.Failed(at, "%q is no absolute path", "%q は絶対パスではない", value))
		case kind == "file" && generated[value]:
			out = append(out, review.Failed(at, "%s is where ECS puts the configuration it generates", "%s は ECS が生成する設定の置き場所", value))
		case kind != "s3" && kind != "file":
			out = append(out, review.Failed(at, "config-file-type is %q, neither file nor s3", "config-file-type が %q(file か s3)", kind))
		default:
			out = append(out, review.Passed(at, "the router includes %s", "ルーターは %s を取り込む", value))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container is a log router", "ログルーターのコンテナはない"))
	}
	return out
}

// generated are the files ECS mounts into a router.
var generated = map[string]bool{"/fluent-bit/etc/fluent-bit.conf": true, "/fluentd/etc/fluent.conf": true}

// objectARN reports whether a value is the ARN of an object in a bucket.
func objectARN(value string) bool {
	return strings.HasPrefix(value, "arn:") && strings.Contains(value, ":s3:::") && strings.Contains(value, "/")
}
