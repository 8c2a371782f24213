package authorization

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Authorizer answers from the store. It may be used concurrently.
type Authorizer struct {
	Store store.Store
	Now   func() time.Time // nil: time.Now
	// BucketPolicy returns the policy of a bucket, "" without one; nil: none has
	// one.
	BucketPolicy func(bucket string) string
	// KnownRolesOnly takes no role of a target unseen: it must be in IAM.
	KnownRolesOnly bool
}

var (
	_ wire.Authorize    = (&Authorizer{}).Authorize
	_ wire.AuthorizeKey = (&Authorizer{}).AuthorizeKey
)

// judged are the services whose calls are looked at.
var judged = map[string]bool{
	"secretsmanager": true, "ssm": true, "kms": true, "s3": true, "iam": true, "sts": true, "ecs": true, "ec2": true, "elasticloadbalancing": true, "acm": true,
	"sns": true, "events": true, "scheduler": true, "servicediscovery": true, "route53": true, "application-autoscaling": true, "monitoring": true,
}

// Judges tells whether calls of a service are looked at. What tasks write to
// their logs, and images they pull, are not.
func Judges(service string) bool { return judged[service] }

// Authorize implements wire.Authorize. Who is no task passes.
func (a *Authorizer) Authorize(ctx context.Context, caller wire.Caller, service, operation string, in any) error {
	if caller.Identity.Task == "" || !judged[service] || service == "sts" && operation == "GetCallerIdentity" {
		return nil
	}
	return a.Store.View(ctx, func(r store.Reader) error {
		v := a.view(r, caller)
		role, known := identity.Role(r, caller.Identity.Role)
		if caller.Identity.Role != "" && known {
			return v.byPolicies(role, service, operation, in)
		}
		return v.byDefinition(service, operation, in)
	})
}

func (a *Authorizer) view(r store.Reader, caller wire.Caller) *view {
	v := &view{r: r, scope: caller.Scope, who: caller.Identity, now: a.now(), bucketPolicy: a.BucketPolicy}
	if v.bucketPolicy == nil {
		v.bucketPolicy = func(string) string { return "" }
	}
	return v
}

func (a *Authorizer) now() time.Time {
	if a.Now == nil {
		return time.Now()
	}
	return a.Now()
}

// view is one decision over one snapshot.
type view struct {
	r     store.Reader
	scope state.Scope
	who   wire.Identity
	now   time.Time

	bucketPolicy func(bucket string) string
}

// byPolicies asks the policies of the session's role.
func (v *view) byPolicies(role state.Role, service, operation string, in any) error {
	if id, _, _ := strings.Cut(v.who.UserID, ":"); id != role.ID && id != identity.AdoptedID(role.ARN) {
		return &wire.Error{Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid: its role was deleted.", Status: http.StatusForbidden}
	}
	own := Documents(v.r, role.ARN, role.Grants)
	for _, need := range v.needs(service, operation, in) {
		if by := v.judge(role, own, need); by.decision != policy.Allowed {
			return v.denied(service, need, by, "")
		}
	}
	return nil
}

// judge asks the role's policies and the resource's own.
func (v *view) judge(role state.Role, own []policy.Document, need need) verdict {
	q := v.question(role, need)
	by := need.joined(policy.Evaluate(q, own...), q)
	if role.Boundary != "" {
		by.decision = by.decision.Limit(policy.Evaluate(q, managedDocument(v.r, role.Boundary)...))
	}
	if s := v.who.Session; s != nil && len(s.Policies)+len(s.PolicyARNs) > 0 {
		by.decision = by.decision.Limit(policy.Evaluate(q, sessionDocuments(v.r, s)...))
	}
	return by
}

func (v *view) question(role state.Role, need need) policy.Question {
	return policy.Question{
		Caller: policy.Caller{Account: v.who.Account, ARN: v.who.ARN, Role: v.who.Role},
		Action: need.action, Resource: need.resource, AnyResource: need.anyResource, Context: v.context(role, need),
	}
}

// verdict is a decision, and which policies it is of.
type verdict struct {
	decision policy.Decision
	resource bool // the resource's own policy, not those of the caller
}

// joined adds the policy of the resource itself, whose Allow is enough within
// one account when it names the caller. A KMS key's decides whether others
// count at all.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
func (n need) joined(own policy.Decision, q policy.Question) verdict {
	if n.policy == "" && !n.key {
		return verdict{decision: own}
	}
	document, err := policy.Parse(n.policy, policy.OfResource)
	by, enough := policy.EvaluateResource(q, document)
	switch {
	case own == policy.ExplicitDeny:
		return verdict{decision: own}
	case err != nil, by == policy.ExplicitDeny: // what cannot be read may be a Deny
		return verdict{policy.ExplicitDeny, true}
	case enough:
		return verdict{policy.Allowed, true}
	case n.key && by != policy.Allowed:
		return verdict{policy.ImplicitDeny, true}
	}
	return verdict{decision: own}
}

// context is what conditions may ask for.
func (v *view) context(role state.Role, need need) map[string][]string {
	out := map[string][]string{
		"aws:principalarn": {v.who.Role}, "aws:principalaccount": {v.who.Account}, "aws:principaltype": {"AssumedRole"},
		"aws:userid": {v.who.UserID}, "aws:username": {}, "aws:requestedregion": {v.scope.Region}, "aws:multifactorauthpresent": {},
		"aws:currenttime": {v.now.UTC().Format(time.RFC3339)}, "aws:epochtime": {strconv.FormatInt(v.now.Unix(), 10)},
		"aws:viaawsservice": {"false"}, "aws:principalorgid": {}, "aws:sourcevpce": {}, "aws:sourcevpc": {},
		"aws:securetransport": {"true"}, // a task's way to us crosses no network, whatever the scheme
	}
	for _, tag := range role.Tags {
		out["aws:principaltag/"+strings.ToLower(aws.ToString(tag.Key))] = []string{aws.ToString(tag.Value)}
	}
	if v.who.Session != nil {
		for key, value := range v.who.Session.Tags {
			out["aws:principaltag/"+strings.ToLower(key)] = []string{value}
		}
	}
	for key, values := range need.context {
		out[key] = values
	}
	return out
}

// denied words a refusal as AWS does, with what to do about it.
func (v *view) denied(service string, need need, by verdict, advice string) error {
	e := answer(service)
	e.Message = v.refusal(need, by) + advice
	return e
}

// refusal is what AWS says of a refused permission.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (v *view) refusal(need need, by verdict) string {
	resource := ""
	if need.resource != "" && need.resource != "*" {
		resource = " on resource: " + need.resource
	}
	whose, article := "identity-based policy", "an"
	if by.resource {
		whose, article = "resource-based policy", "a"
	}
	action := need.action
	if strings.HasPrefix(action, "sns:") { // which names itself so, though policies say sns:
		action = "SNS" + strings.TrimPrefix(action, "sns")
	}
	why := fmt.Sprintf("because no %s allows the %s action", whose, action)
	if by.decision == policy.ExplicitDeny {
		why = fmt.Sprintf("with an explicit deny in %s %s", article, whose)
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s%s %s", v.who.ARN, action, resource, why)
}

// answer has the code and status of a service's refusals.
func answer(service string) *wire.Error {
	switch service {
	case "iam", "sts", "s3", "elasticloadbalancing", "route53":
		return &wire.Error{Code: "AccessDenied", Status: http.StatusForbidden}
	case "monitoring":
		return &wire.Error{Code: "AccessDenied", Shape: "AccessDeniedException", Status: http.StatusForbidden}
	case "scheduler":
		return &wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden}
	case "sns":
		return &wire.Error{Code: "AuthorizationError", Status: http.StatusForbidden}
	case "ec2":
		return &wire.Error{Code: "UnauthorizedOperation", Status: http.StatusForbidden}
	}
	return &wire.Error{Code: "AccessDeniedException"}
}
