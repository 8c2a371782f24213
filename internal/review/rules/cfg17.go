package rules

import (
	"cmp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg17 = review.Rule{
	ID:       "CFG-17",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S1:72"},
	Title: review.Text{
		EN: "The roles of the task may read its own secrets and no others",
		JA: "タスクのロールが読めるのは、自分のシークレットだけ",
	},
	Why: review.Text{
		EN: "A role that may read every secret makes one broken service the way into all of them; a role that may not read its own keeps the task from starting.",
		JA: "すべてのシークレットを読めるロールは、一つの侵害をすべてへの入口にします。自分のシークレットを読めないロールでは、タスクが起動しません。",
	},
	Todo: review.Text{
		EN: "Name the ARNs of the referenced secrets as Resource of secretsmanager:GetSecretValue and ssm:GetParameters.",
		JA: "secretsmanager:GetSecretValue と ssm:GetParameters の Resource に、参照するシークレットの ARN を書いてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: cfg17Live},
	},
}

func cfg17Live(s *review.Subject) (out []review.Outcome) {
	td, l := s.TaskDef.Value, s.Live.Value
	refs, places := valuesFrom(td)
	execution := str(td.ExecutionRoleArn)
	if len(refs) > 0 && execution == "" {
		out = append(out, review.Failed(td.At("executionRoleArn"), "there are secrets, and no executionRoleArn to read them with", "シークレットがあるのに、読むための executionRoleArn がない"))
	}
	for _, r := range []struct{ arn, field string }{{execution, "executionRoleArn"}, {str(td.TaskRoleArn), "taskRoleArn"}} {
		if r.arn == "" || r.field == "taskRoleArn" && r.arn == execution {
			continue
		}
		at, g := td.At(r.field), l.Roles[r.arn]
		if !g.OK {
			out = append(out, unread(g, at, r.arn))
			continue
		}
		if policy, on := cfg17Broad(g.Value); policy != "" {
			out = append(out, review.Failed(at, "%s may read every secret: policy %s allows it on %s", "%s はすべてのシークレットを読める: ポリシー %s が %s に許可している", r.arn, policy, on))
		} else {
			out = append(out, review.Passed(at, "no policy of %s opens every secret", "%s にすべてのシークレットを読めるポリシーはない", r.arn))
		}
		if r.field == "taskRoleArn" {
			continue
		}
		for i, ref := range refs {
			action, resource := cfg17Call(l, str(ref.ValueFrom))
			if allows(g.Value, action, resource) || allows(g.Value, action, resource+"-AbCdEf") {
				out = append(out, review.Passed(places[i], "%s may read %s", "%s は %s を読める", r.arn, str(ref.ValueFrom)))
			} else {
				out = append(out, review.Unexamined(places[i], review.Say("if the task does not start, allow %s on it", "タスクが起動しないなら、%s を許可してください", action),
					"no policy of %s allows %s on %s; a policy of the secret itself, which is not read, may", "%s のポリシーに %s を %s へ許可するものがない(シークレット側のポリシーは読んでいない)", r.arn, action, resource))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "the task has neither secrets nor roles", "タスクにシークレットもロールもない"))
	}
	return out
}

// cfg17Broad finds an unconditional right to all secrets or all parameters.
func cfg17Broad(r review.Role) (policy, resource string) {
	for _, a := range r.Policies {
		for service, action := range map[string]string{"secretsmanager:*:*:secret:": "secretsmanager:GetSecretValue", "ssm:*:*:parameter/": "ssm:GetParameters"} {
			if a.Conditional || !speaksOf(a, action, "") {
				continue
			}
			for _, pattern := range a.Resources {
				// A name that nobody chose is matched only by a pattern for all.
				name := "arn:aws:" + strings.ReplaceAll(service, "*", "x") + "zq7-no-such-name"
				name = strings.Replace(name, "x:x", arnScope(pattern), 1)
				if covers(pattern, name) && allows(r, action, name) {
					return a.Policy, pattern
				}
			}
		}
	}
	return "", ""
}

// arnScope is the region and account that a pattern speaks of.
func arnScope(pattern string) string {
	if parts := strings.SplitN(pattern, ":", 6); len(parts) == 6 {
		return strings.Trim(parts[3], "*?") + ":" + strings.Trim(parts[4], "*?")
	}
	return "us-east-1:123456789012"
}

// cfg17Call is the call that ECS makes for a valueFrom.
func cfg17Call(l *review.Live, from string) (action, resource string) {
	ref, known := review.ParseSecretRef(from), l.Secrets[from].Value.ARN
	if ref.Store == "secretsmanager" {
		return "secretsmanager:GetSecretValue", cmp.Or(known, ref.ID)
	}
	if strings.HasPrefix(ref.ID, "arn:") {
		return "ssm:GetParameters", ref.ID
	}
	if strings.HasPrefix(known, "arn:") {
		return "ssm:GetParameters", known
	}
	return "ssm:GetParameters", "arn:aws:ssm:" + l.Region + ":" + l.Account + ":parameter/" + strings.TrimPrefix(ref.Name, "/")
}
