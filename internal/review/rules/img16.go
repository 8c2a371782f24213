package rules

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img16 = review.Rule{
	ID:       "IMG-16",
	Pillar:   review.Security,
	Severity: review.High,
	Sources:  []string{"S0:17", "S0:20"},
	Title: review.Text{
		EN: "The process does not run as root",
		JA: "プロセスを root で動かさない",
	},
	Why: review.Text{
		EN: "Whoever takes over a process that is root needs one more flaw to take the host; a user without rights needs several.",
		JA: "root のプロセスが乗っ取られると、あと一つの欠陥でホストまで届きます。権限のないユーザーならいくつも必要です。",
	},
	Todo: review.Text{
		EN: "Make a user in the Dockerfile and end with USER 65532 (a number, so that it can be checked), or set user in the container definition.",
		JA: "Dockerfile でユーザーを作り、最後に USER 65532 のように番号で指定するか、コンテナ定義の user を設定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img16Dockerfile},
		{Needs: []review.Part{review.PartImage}, Run: img16Image},
		{Needs: []review.Part{review.PartTaskDef}, Run: img16TaskDef},
		settled("IMG-16"),
	},
}

// isRoot reports whether a user is root by name or number; accounts are what the
// image's /etc/passwd says, if it was read.
func isRoot(user string, users []account) bool {
	name, _, _ := strings.Cut(user, ":")
	if name == "" || name == "root" {
		return true
	}
	if n, err := strconv.Atoi(name); err == nil {
		return n == 0
	}
	return slices.ContainsFunc(users, func(u account) bool { return u.name == name && strings.Trim(u.uid, "0") == "" })
}

// unprivileged are Docker Official Images that set a user of their own.
var unprivileged = []string{"haproxy", "memcached", "varnish", "kong", "elasticsearch", "logstash", "kibana", "solr", "sonarqube", "influxdb"}

func img16Dockerfile(s *review.Subject) []review.Outcome {
	d := s.Dockerfile.Value
	at, user, known := d.At(d.Final().Location), "", true
	eachCommand(d, func(command instructions.Command, v vars) {
		if u, ok := command.(*instructions.UserCommand); ok {
			at = d.At(u.Location())
			user, known = v.expand(u.User)
		}
	})
	b := finalBase(d)
	repository, tag, _ := splitRef(b.ref)
	name := official(repository)
	switch {
	case user != "" && !known:
		return []review.Outcome{review.Unexamined(at, review.Say("give the variable a default, or give --image", "変数に既定値を付けるか、--image を指定してください"), "USER %s: a variable has no value", "USER %s: 変数に値がない", user)}
	case user != "" && isRoot(user, nil):
		return []review.Outcome{review.Failed(at, "the final stage ends as USER %s", "最終ステージが USER %s で終わっている", user)}
	case user != "":
		return []review.Outcome{review.Passed(at, "USER %s", "USER %s", user)}
	case strings.Contains(tag, "nonroot") || strings.Contains(tag, "unprivileged") || strings.HasSuffix(path.Base(repository), "-unprivileged"):
		return []review.Outcome{review.Passed(b.at, "no USER; the base %s is made to run without root", "USER はないが、ベースの %s は root 以外で動くように作られている", b.ref)}
	case b.known && name != "" && !slices.Contains(unprivileged, name):
		return []review.Outcome{review.Failed(at, "the final stage has no USER", "最終ステージに USER がない")}
	case s.Image.OK:
		return []review.Outcome{review.Passed(at, "no USER: it is left to the base %s; the image itself is looked at", "USER がなくベースの %s に任されている(イメージ側で確認)", b.ref)}
	}
	return []review.Outcome{review.Unexamined(at, review.Say("end with USER, or give --image", "最後に USER を書くか、--image を指定してください"),
		"no USER: it is left to the base %s, which was not looked at", "USER がなくベースの %s に任されているが、その中は見ていない", b.ref)}
}

func img16Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	user := i.Config.Config.User
	if user == "" {
		return []review.Outcome{review.Failed(i.At(), "the image runs as root unless it is told otherwise", "指定がなければイメージは root で動く")}
	}
	return []review.Outcome{imageUser(i, i.At(), "the image", "イメージ", user)}
}

// imageUser says what a user is in an image. A name that the image does not know
// is no user: the container cannot start with it.
func imageUser(i *review.Image, at review.Place, who, ja, user string) review.Outcome {
	users, read := accounts(i)
	name, _, _ := strings.Cut(user, ":")
	_, err := strconv.Atoi(name)
	switch {
	case isRoot(user, nil):
		return review.Failed(at, "%[1]s: user is %[3]s", "%[2]s: user が %[3]s", who, ja, user)
	case isRoot(user, users):
		return review.Failed(at, "%[1]s: user is %[3]s, which is number 0 in /etc/passwd", "%[2]s: user の %[3]s は /etc/passwd で 0 番", who, ja, user)
	case err != nil && len(i.Files) > 0 && (read || visibleFile(i, "etc/passwd") == nil) && !slices.ContainsFunc(users, func(u account) bool { return u.name == name }):
		return review.Failed(at, "%[1]s: user is %[3]s, which /etc/passwd does not have: it cannot start", "%[2]s: user の %[3]s が /etc/passwd になく、起動できない", who, ja, user)
	}
	return review.Passed(at, "%[1]s: user is %[3]s", "%[2]s: user は %[3]s", who, ja, user)
}

// The task definition's user wins over the image's; where it says nothing, the
// image's answer counts.
func img16TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	own := ownContainer(s)
	for i, c := range td.ContainerDefinitions {
		at, name := td.At("containerDefinitions", i, "user"), str(c.Name)
		switch user := str(c.User); {
		case user == "" && (s.Image.OK || s.Dockerfile.OK) && i == own:
			out = append(out, review.Passed(at, "container %s: user is left to the image, which is looked at", "コンテナ %s: user はイメージに任されている(イメージ側で確認)", name))
		case user == "":
			out = append(out, review.Unexamined(at, review.Say("set user, or give --image or --dockerfile", "user を設定するか、--image か --dockerfile を指定してください"),
				"container %s: user is left to the image, which was not given", "コンテナ %s: user はイメージ任せで、イメージは与えられていない", name))
		case s.Image.OK && i == own:
			out = append(out, imageUser(s.Image.Value, at, "container "+name, "コンテナ "+name, user))
		case isRoot(user, nil):
			out = append(out, review.Failed(at, "container %s: user is %s", "コンテナ %s: user が %s", name, user))
		default:
			out = append(out, review.Passed(at, "container %s: user is %s", "コンテナ %s: user は %s", name, user))
		}
	}
	return out
}
