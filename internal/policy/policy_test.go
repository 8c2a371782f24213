package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/policy"
)

const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"

// One statement, one question.
func TestEvaluate(t *testing.T) {
	question := policy.Question{
		Caller: policy.Caller{Account: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/app/t1", Role: "arn:aws:iam::123456789012:role/app"},
		Action: "secretsmanager:GetSecretValue", Resource: secret,
		Context: map[string][]string{"aws:requestedregion": {"eu-west-1"}, "aws:principaltag/team": {"db"}, "aws:sourceip": {"172.31.0.9"}, "aws:username": {}},
	}
	for statement, want := range map[string]string{
		`"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"`:                                                              "allowed",
		`"Effect":"Allow","Action":"SecretsManager:get*","Resource":"arn:aws:secretsmanager:*:*:secret:prod/*"`:                                 "allowed",
		`"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-??????"`:                        "allowed",
		`"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db"`:                               "implicitDeny",
		`"Effect":"Allow","Action":"ssm:*","Resource":"*"`:                                                                                      "implicitDeny",
		`"Effect":"Allow","NotAction":"ssm:*","Resource":"*"`:                                                                                   "allowed",
		`"Effect":"Allow","NotAction":["secretsmanager:*"],"Resource":"*"`:                                                                      "implicitDeny",
		`"Effect":"Allow","Action":"*","NotResource":"arn:aws:secretsmanager:*:*:secret:prod/*"`:                                                "implicitDeny",
		`"Effect":"Deny","Action":"*","Resource":"*"`:                                                                                           "explicitDeny",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}`:           "allowed",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}`:                      "implicitDeny",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"172.31.0.0/16"}}`:                               "allowed",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"made:up":"x"}}`:                                             "implicitDeny",
		`"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"made:up":"x"}}`:                                              "explicitDeny",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"MadeUp":{"aws:SourceIp":"x"}}`:                                              "implicitDeny",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:username":"x"}}`:                                "allowed",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"aws:username":"true"}}`:                                             "allowed",
		`"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:prod/${aws:PrincipalTag/team}-*"`:                          "allowed",
		`"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:${made:up}/db-*"`:                                          "implicitDeny",
		`"Effect":"Deny","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:${made:up}/db-*"`:                                           "explicitDeny",
		`"Effect":"Allow","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:${aws:username, 'prod'}/db-*"`:                             "allowed",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalTag/team":["d*"]}}`:                  "allowed",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}`:                                      "implicitDeny",
		`"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"},"Null":{"aws:a":"true"}}`: "implicitDeny",
	} {
		d, err := policy.Parse(`{"Version":"2012-10-17","Statement":[{`+statement+`}]}`, policy.OfIdentity)
		if err != nil {
			t.Errorf("%s: %v", statement, err)
			continue
		}
		if got := decisions[policy.Evaluate(question, d)]; got != want {
			t.Errorf("%s: %s, want %s", statement, got, want)
		}
	}
}

// decisions are named as SimulatePrincipalPolicy does.
var decisions = [...]string{policy.ImplicitDeny: "implicitDeny", policy.Allowed: "allowed", policy.ExplicitDeny: "explicitDeny"}

// An Allow of the account is not yet one of its users.
func TestPoliciesOfResources(t *testing.T) {
	q := policy.Question{Caller: policy.Caller{Account: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/app/me", Role: "arn:aws:iam::123456789012:role/app"}, Action: "kms:Decrypt"}
	for principal, want := range map[string]struct {
		decision policy.Decision
		enough   bool
	}{
		`{"AWS":"arn:aws:iam::123456789012:root"}`:                      {policy.Allowed, false},
		`{"AWS":"123456789012"}`:                                        {policy.Allowed, false},
		`{"AWS":["123456789012","arn:aws:iam::123456789012:role/app"]}`: {policy.Allowed, true},
		`{"AWS":"arn:aws:sts::123456789012:assumed-role/app/me"}`:       {policy.Allowed, true},
		`"*"`:         {policy.Allowed, true},
		`{"AWS":"*"}`: {policy.Allowed, true},
		`{"AWS":"arn:aws:iam::123456789012:role/other"}`: {policy.ImplicitDeny, false},
		`{"AWS":"210987654321"}`:                         {policy.ImplicitDeny, false},
		`{"Service":"ecs-tasks.amazonaws.com"}`:          {policy.ImplicitDeny, false},
	} {
		d, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"kms:*","Resource":"*"}}`, policy.OfResource)
		if err != nil {
			t.Fatal(principal, err)
		}
		if decision, enough := policy.EvaluateResource(q, d); decision != want.decision || enough != want.enough {
			t.Errorf("%s: %v, %v", principal, decisions[decision], enough)
		}
		if public := d.Public(); public != (strings.Contains(principal, `"*"`)) {
			t.Errorf("%s: public is %v", principal, public)
		}
	}
	deny, err := policy.Parse(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":"123456789012"},"Action":"*","Resource":"*"}]}`, policy.OfResource)
	if err != nil {
		t.Fatal(err)
	}
	if decision, enough := policy.EvaluateResource(q, deny); decision != policy.ExplicitDeny || enough {
		t.Errorf("%v, %v", decision, enough)
	}
	// A statement about all but the account is not about its callers.
	for _, effect := range []string{"Deny", "Allow"} {
		others, err := policy.Parse(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"*","Resource":"*"},{"Effect":"`+effect+`","NotPrincipal":{"AWS":"123456789012"},"Action":"*","Resource":"*"}]}`, policy.OfResource)
		if err != nil {
			t.Fatal(err)
		}
		if decision, enough := policy.EvaluateResource(q, others); decision != policy.Allowed || enough {
			t.Errorf("%s of others: %v, %v", effect, decision, enough)
		}
	}
}

func TestADenyWins(t *testing.T) {
	allow, _ := policy.Parse(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, policy.OfIdentity)
	deny, _ := policy.Parse(`{"Statement":{"Effect":"Deny","Action":"ssm:Get*","Resource":"*"}}`, policy.OfIdentity)
	q := policy.Question{Action: "ssm:GetParameter", Resource: "arn:aws:ssm:x:1:parameter/a"}
	if got := policy.Evaluate(q, allow, deny); got != policy.ExplicitDeny {
		t.Error(got)
	}
	if got := policy.Allowed.Limit(policy.ImplicitDeny); got != policy.ImplicitDeny {
		t.Error(got)
	}
}

func TestPrincipals(t *testing.T) {
	task := policy.Caller{Account: "123456789012", Service: "ecs-tasks.amazonaws.com"}
	session := policy.Caller{Account: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/a/s", Role: "arn:aws:iam::123456789012:role/a"}
	for _, c := range []struct {
		principal string
		caller    policy.Caller
		want      policy.Decision
	}{
		{`{"Service":"ecs-tasks.amazonaws.com"}`, task, policy.Allowed},
		{`{"Service":["ec2.amazonaws.com","ecs-tasks.amazonaws.com"]}`, task, policy.Allowed},
		{`{"Service":"ecs-tasks.amazonaws.com"}`, session, policy.ImplicitDeny},
		{`{"AWS":"123456789012"}`, session, policy.Allowed},
		{`{"AWS":"arn:aws:iam::123456789012:root"}`, task, policy.ImplicitDeny},
		{`{"AWS":"arn:aws:iam::123456789012:role/a"}`, session, policy.Allowed},
		{`{"AWS":"arn:aws:iam::123456789012:role/b"}`, session, policy.ImplicitDeny},
		{`"*"`, session, policy.Allowed},
	} {
		d, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":`+c.principal+`}}`, policy.OfTrust)
		if err != nil {
			t.Fatal(c.principal, err)
		}
		if got := policy.Evaluate(policy.Question{Caller: c.caller, Action: "sts:AssumeRole"}, d); got != c.want {
			t.Errorf("%v %+v: %v", c.principal, c.caller, got)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, c := range []struct {
		kind       policy.Kind
		text, want string
	}{
		{policy.OfIdentity, `{`, "This policy contains invalid Json"},
		{policy.OfIdentity, `{}`, "Syntax errors in policy."},
		{policy.OfIdentity, `{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}`, "Syntax errors in policy."},
		{policy.OfIdentity, `{"Statement":[{"Effect":"Allow","Resource":"*"}]}`, "Policy statement must contain actions."},
		{policy.OfIdentity, `{"Statement":[{"Effect":"Allow","Action":"s3:Get*"}]}`, "Policy statement must contain resources."},
		{policy.OfIdentity, `{"Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}`, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{policy.OfIdentity, `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}]}`, `Resource bucket must be in ARN format or "*".`},
		{policy.OfIdentity, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}`, "Policy document should not specify a principal."},
		{policy.OfIdentity, `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Colour":1}]}`, "Syntax errors in policy."},
		{policy.OfTrust, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`, "Has prohibited field Resource"},
		{policy.OfTrust, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{policy.OfTrust, `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"me"},"Action":"sts:AssumeRole"}]}`, `Invalid principal in policy: "AWS":"me"`},
	} {
		_, err := policy.Parse(c.text, c.kind)
		if !errors.Is(err, policy.ErrMalformed) || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"arn:aws:s3:::${aws:username}/*","Condition":{"Bool":{"a":true}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []policy.Kind{policy.OfIdentity, policy.OfTrust, policy.OfResource} {
			d, err := policy.Parse(text, kind)
			if err != nil {
				if !errors.Is(err, policy.ErrMalformed) {
					t.Fatal(err)
				}
				continue
			}
			policy.Evaluate(policy.Question{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}, d)
		}
	})
}
