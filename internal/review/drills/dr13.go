package drills

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

var processRules = [...]string{"IMG-16", "IMG-17", "CFG-06", "CFG-05"}

var dr13 = Drill{
	ID:    "DR13",
	Title: review.Text{EN: "Who am I: user, capabilities and environment of the live process", JA: "私は誰か: 稼働中プロセスのユーザー、権限、環境変数"},
	Does: review.Text{
		EN: "Starts one task and reads, from the machine's side, the user and the capabilities of its processes, and which of their variables hold what. Nothing runs inside for it, and no value leaves the machine.",
		JA: "タスクを 1 つ起動し、プロセスのユーザーと capability、環境変数の出所をマシン側から読みます。コンテナ内では何も実行せず、値はマシンの外に出ません。",
	},
	Takes: "2 s",
	Rules: processRules[:],
	act:   whoAmI,
}

func whoAmI(ctx context.Context, s *stage) ([]review.Proof, error) {
	if s.node == nil {
		return nil, elsewhere(review.Say("the user and environment of a live process", "稼働中プロセスのユーザーと環境変数"))
	}
	task, err := s.anyTask(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := s.node.inside(ctx, aws.ToString(task.TaskArn))
	if err != nil {
		return nil, err
	}
	var out []review.Proof
	for _, c := range seen.Containers {
		s.say("container %s: uid %d, gid %d, %d capabilities, %d variables", "コンテナ %s: uid %d、gid %d、capability %d 個、環境変数 %d 個", c.Name, c.UID, c.GID, len(c.Capabilities), len(c.Variables))
		given := map[string]string{}
		for _, v := range s.target.of(c.Name).Environment {
			given[aws.ToString(v.Name)] = aws.ToString(v.Value)
		}
		out = append(out, judgeProcess(c, given, s.target.place())...)
	}
	return out, nil
}

// usual are the capabilities a container's root has anyway.
var usual = []string{"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"}

// judgeProcess judges the process of one container; given are the values that
// the definition gives in the clear.
func judgeProcess(c protocol.SeenContainer, given map[string]string, at review.Place) (out []review.Proof) {
	if c.Unread != "" {
		for _, rule := range processRules {
			out = append(out, review.Of(rule, review.Unexamined(at, again("DR13"), "container %s: its process was not read: %s", "コンテナ %s: プロセスを読めなかった: %s", c.Name, c.Unread)))
		}
		return out
	}
	if c.UID == 0 {
		out = append(out, review.Of("IMG-16", review.Failed(at, "container %s: the live process is root (uid 0)", "コンテナ %s: 稼働中のプロセスは root(uid 0)", c.Name)))
	} else {
		out = append(out, review.Of("IMG-16", review.Passed(at, "container %s: the live process is uid %d, gid %d", "コンテナ %s: 稼働中のプロセスは uid %d、gid %d", c.Name, c.UID, c.GID)))
	}
	var extra []string
	for _, name := range c.Capabilities {
		if !slices.Contains(usual, name) {
			extra = append(extra, name)
		}
	}
	if len(extra) > 0 {
		out = append(out, review.Of("IMG-17", review.Failed(at, "container %s: the live process holds %s", "コンテナ %s: 稼働中のプロセスが %s を持つ", c.Name, few(extra))))
	} else {
		out = append(out, review.Of("IMG-17", review.Passed(at, "container %s: %d capabilities, none beyond the usual ones; programs can gain privileges: %t", "コンテナ %s: capability %d 個、標準以外はなし。実行による権限の獲得: %t", c.Name, len(c.Capabilities), !c.NoNewPrivileges)))
	}
	var copies, plain []string
	for _, v := range c.Variables {
		if v.From == protocol.FromSecrets {
			continue
		}
		if v.Secret != "" {
			copies = append(copies, v.Name+" = "+v.Secret)
		}
		if v.From == protocol.FromEnvironment && secret.Looks(v.Name, given[v.Name]) != secret.None {
			plain = append(plain, v.Name)
		}
	}
	out = append(out, review.Of("CFG-06", variables(at, c, copies, review.Say("hold a value that the secret store gave to another variable", "シークレットストアの値を別の変数として保持"), review.Say("none holds a value of the secret store but those that secrets gives", "secrets 以外にストアの値を持つ変数はない"))))
	return append(out, review.Of("CFG-05", variables(at, c, plain, review.Say("come from environment and look like secrets", "environment から渡され、秘密情報に見える"), review.Say("none that comes from environment looks like a secret", "environment 由来で秘密情報に見える変数はない"))))
}

func variables(at review.Place, c protocol.SeenContainer, found []string, bad, good review.Text) review.Outcome {
	if len(found) > 0 {
		return review.Failed(at, "container %s: %s %s", "コンテナ %s: %s — %s", c.Name, few(found), bad)
	}
	return review.Passed(at, "container %s: of %d variables %s", "コンテナ %s: 変数 %d 個のうち、%s", c.Name, len(c.Variables), good)
}
