package rules

import (
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var img20 = review.Rule{
	ID:       "IMG-20",
	Pillar:   review.Performance,
	Severity: review.Low,
	Sources:  []string{"S0:17"},
	Title: review.Text{
		EN: "The registry is near: in the task's region",
		JA: "レジストリはタスクと同じリージョンに置く",
	},
	Why: review.Text{
		EN: "Every new task waits for the image. From another region or over the internet it waits longer, pays for the transfer and depends on one more party.",
		JA: "新しいタスクは必ずイメージの取得を待ちます。別リージョンやインターネット越しでは遅く、転送料がかかり、障害の相手が一つ増えます。",
	},
	Todo: review.Text{
		EN: "Keep the image in ECR in the task's region: replicate it there, or use a pull through cache for public ones.",
		JA: "イメージはタスクと同じリージョンの ECR に置いてください。レプリケーションか、公開イメージならプルスルーキャッシュが使えます。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: img20TaskDef},
	},
}

var ecrImage = regexp.MustCompile(`^[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)/`)

func img20TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	region, from := taskRegion(s)
	for i, c := range td.ContainerDefinitions {
		image, at := str(c.Image), td.At("containerDefinitions", i, "image")
		host, _, slash := strings.Cut(image, "/")
		named := slash && (strings.ContainsAny(host, ".:") || host == "localhost")
		switch m := ecrImage.FindStringSubmatch(image); {
		case m != nil && region == "":
			out = append(out, review.Unexamined(at, review.Say("give awslogs-region, or review a registered revision with --endpoint or --profile", "awslogs-region を書くか、--endpoint か --profile で登録済みのリビジョンをレビューしてください"),
				"container %s: the image is in %s; nothing says in which region the task runs", "コンテナ %s: イメージは %s にあるが、タスクのリージョンがどこにも書かれていない", str(c.Name), m[1]))
		case m != nil && m[1] != region:
			out = append(out, review.Failed(at, "container %s: the image is in %s, the task in %s (%s)", "コンテナ %s: イメージは %s、タスクは %s(%s)", str(c.Name), m[1], region, from))
		case m != nil:
			out = append(out, review.Passed(at, "container %s: the image is in the task's region, %s", "コンテナ %s: イメージはタスクと同じ %s にある", str(c.Name), region))
		case image == "" || unresolved(image):
			out = append(out, review.Unexamined(at, review.Say("give the values of the template", "テンプレートの値を指定してください"), "container %s: the image is not resolved", "コンテナ %s: イメージが解決されていない", str(c.Name)))
		case host == "public.ecr.aws":
			out = append(out, review.Passed(at, "container %s: the image is in Amazon ECR Public, which is delivered from near", "コンテナ %s: イメージは近くから配信される Amazon ECR Public にある", str(c.Name)))
		case !named || host == "docker.io" || host == "ghcr.io" || host == "quay.io" || host == "gcr.io":
			if !named {
				host = "docker.io"
			}
			out = append(out, review.Failed(at, "container %s: the image comes over the internet, from %s", "コンテナ %s: イメージをインターネット越しに %s から取得する", str(c.Name), host))
		case strings.HasPrefix(host, "localhost") || strings.HasPrefix(host, "127."):
			out = append(out, review.Passed(at, "container %s: the registry is on the same machine", "コンテナ %s: レジストリは同じマシンにある", str(c.Name)))
		default:
			out = append(out, review.Unexamined(at, review.Say("compare pullStartedAt and pullStoppedAt of a task, or move the image to ECR", "タスクの pullStartedAt と pullStoppedAt を比べるか、イメージを ECR に移してください"),
				"container %s: how near %s is cannot be told from its name", "コンテナ %s: %s の近さは名前からは分からない", str(c.Name), host))
		}
	}
	return out
}

// unresolved tells a template's hole from an image.
func unresolved(image string) bool { return strings.ContainsAny(image, "{}<>$ ") }

// taskRegion is where the task runs, and what says so.
func taskRegion(s *review.Subject) (region, from string) {
	td := s.TaskDef.Value
	if region = arnRegion(str(td.TaskDefinitionArn)); region != "" {
		return region, "taskDefinitionArn"
	}
	if s.Live.OK && s.Live.Value.Region != "" {
		return s.Live.Value.Region, "API"
	}
	for _, c := range td.ContainerDefinitions {
		if c.LogConfiguration != nil && c.LogConfiguration.Options["awslogs-region"] != "" && !unresolved(c.LogConfiguration.Options["awslogs-region"]) {
			return c.LogConfiguration.Options["awslogs-region"], "awslogs-region"
		}
	}
	for _, c := range td.ContainerDefinitions {
		for _, secret := range c.Secrets {
			if region = arnRegion(str(secret.ValueFrom)); region != "" {
				return region, "valueFrom"
			}
		}
	}
	return "", ""
}

func arnRegion(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[0] == "arn" && !unresolved(parts[3]) {
		return parts[3]
	}
	return ""
}
