package rules

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log07 = review.Rule{
	ID:       "LOG-07",
	Pillar:   review.Cost,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Low,
	Sources:  []string{"S0:27", "S1:69"},
	Title: review.Text{
		EN: "Logs that are kept for long go to object storage",
		JA: "長期保管するログはオブジェクトストレージへ送る",
	},
	Why: review.Text{
		EN: "Audit logs are kept for years and hardly read; a store made for searching charges for years of it.",
		JA: "監査ログは何年も保管しますが、ほとんど読みません。検索向けのストアに置くと、その間ずっと費用がかかります。",
	},
	Todo: review.Text{
		EN: "Send it to S3 too, by FireLens (s3 or kinesis_firehose) or by a subscription filter to Firehose, with a lifecycle on the bucket.",
		JA: "FireLens(s3 や kinesis_firehose)や Firehose へのサブスクリプションフィルターで S3 にも送り、バケットにライフサイクルを設定してください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: log07Destination}},
}

// auditLog matches names that people give to what must be kept.
var auditLog = regexp.MustCompile(`(?i)(^|[^a-z])(audit|archive)([^a-z]|$)`)

// archives are FireLens outputs that end in, or lead to, object storage.
var archives = map[string]bool{"s3": true, "kinesis_firehose": true, "firehose": true, "gcs": true, "azure_blob": true}

func log07Destination(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		l := c.LogConfiguration
		if l == nil {
			continue
		}
		at := td.At("containerDefinitions", i, "logConfiguration")
		group := l.Options["awslogs-group"]
		switch output := firelensOutput(l); {
		case l.LogDriver == types.LogDriverAwslogs && auditLog.MatchString(group):
			if filtered, known := subscribed(s, group); known && filtered {
				out = append(out, review.Passed(at, "container %s: %s is passed on by a subscription filter", "コンテナ %s: %s はサブスクリプションフィルターで転送される", str(c.Name), group))
			} else if known {
				out = append(out, review.Failed(at, "container %s: %s goes to CloudWatch Logs and nowhere else", "コンテナ %s: %s の送り先は CloudWatch Logs だけ", str(c.Name), group))
			} else {
				out = append(out, review.Unexamined(at, review.Say("review the running service: its log groups' subscription filters tell", "稼働中のサービスをレビューしてください(サブスクリプションフィルターで判断します)"),
					"container %s: %s goes to CloudWatch Logs; whether it is passed on is not known", "コンテナ %s: %s は CloudWatch Logs に送られ、転送の有無は不明", str(c.Name), group))
			}
		case archives[output]:
			out = append(out, review.Passed(at, "container %s: %s leads to object storage", "コンテナ %s: %s でオブジェクトストレージに送られる", str(c.Name), output))
		case output != "" && auditLog.MatchString(strings.Join([]string{str(c.Name), l.Options["log_group_name"]}, " ")):
			out = append(out, review.Failed(at, "container %s: what is to be kept goes to %s only", "コンテナ %s: 保管すべきログの送り先が %s だけ", str(c.Name), output))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no log is named as one to be kept (audit, archive)", "保管用と分かる名前(audit、archive)のログはない"))
	}
	return out
}

// firelensOutput is the output a container's options name; empty if they leave
// it to a file, or the driver is another.
func firelensOutput(l *types.LogConfiguration) string {
	if l == nil || l.LogDriver != types.LogDriverAwsfirelens {
		return ""
	}
	for _, key := range sortedKeys(l.Options) {
		if k := strings.ToLower(key); k == "name" || k == "@type" {
			return strings.ToLower(l.Options[key])
		}
	}
	return ""
}

// subscribed reports whether a log group has a subscription filter.
func subscribed(s *review.Subject, group string) (yes, known bool) {
	if !s.Live.OK {
		return false, false
	}
	filters := s.Live.Value.LogGroups[group].Value.Filters
	return len(filters.Value) > 0, filters.OK
}
