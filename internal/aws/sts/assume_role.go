package sts

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Bounds of AssumeRole.
const (
	roleSession        = 3600
	longestRoleSession = 43200
	chainedSession     = 3600 // of a session that a session asked for
	packedSize         = 4096 // of policies and tags together
)

var (
	roleARN     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+$`)
	sessionName = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalID  = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
)

// assumeRole gives a session of a role. The trust policy of a role that is in
// IAM decides; one that is not is taken unseen, unless KnownRolesOnly.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func (s *Service) assumeRole(ctx context.Context, caller wire.Caller, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	session, err := requested(caller.Identity, in)
	if err != nil {
		return nil, err
	}
	seconds, err := duration(in.DurationSeconds, roleSession, longestRoleSession)
	if err != nil {
		return nil, err
	}
	if caller.Identity.Role != "" && seconds > chainedSession {
		return nil, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	var role state.Role
	err = s.cfg.Directory.Store.View(ctx, func(r store.Reader) error {
		var known bool
		role, known = identity.Role(r, *in.RoleArn)
		switch {
		case known:
			return trusts(role, caller.Identity, in, session, seconds)
		case s.cfg.KnownRolesOnly:
			return notAuthorized(caller.Identity, "sts:AssumeRole", *in.RoleArn)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	id := identity.Session(role, *in.RoleSessionName, s.cfg.Now().Add(time.Duration(seconds)*time.Second))
	id.Session = session
	id.Task = caller.Identity.Task // a task's sessions are judged as the task is
	credentials, err := s.cfg.Directory.Issue(id)
	if err != nil {
		return nil, err
	}
	out := &sts.AssumeRoleOutput{
		Credentials:     shown(credentials),
		AssumedRoleUser: &types.AssumedRoleUser{Arn: aws.String(id.ARN), AssumedRoleId: aws.String(id.UserID)},
		SourceIdentity:  in.SourceIdentity,
	}
	if session != nil {
		out.PackedPolicySize = aws.Int32(int32(max(1, packed(session)*100/packedSize)))
	}
	return out, nil
}

// requested checks the input and gathers what the session gets beyond its
// role; nil for nothing.
func requested(caller wire.Identity, in *sts.AssumeRoleInput) (*wire.Session, error) {
	if err := text(in.RoleArn, "roleArn", 20, 2048, nil); err != nil {
		return nil, err
	}
	if !roleARN.MatchString(*in.RoleArn) {
		return nil, wire.Errorf("ValidationError", "%s is invalid", *in.RoleArn)
	}
	if err := text(in.RoleSessionName, "roleSessionName", 2, 64, sessionName); err != nil {
		return nil, err
	}
	if in.ExternalId != nil {
		if err := text(in.ExternalId, "externalId", 2, 1224, externalID); err != nil {
			return nil, err
		}
	}
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, accessDenied("MultiFactorAuthentication failed: Hatoba has no MFA devices; leave out SerialNumber and TokenCode.")
	}
	if err := noTokenSize(in.MinimumSessionTokenSize); err != nil {
		return nil, err
	}
	if len(in.ProvidedContexts) > 0 {
		return nil, wire.Errorf("ValidationError", "Hatoba does not support ProvidedContexts; leave them out.")
	}
	out := &wire.Session{}
	if err := limits(in, out); err != nil {
		return nil, err
	}
	if err := tagged(caller, in, out); err != nil {
		return nil, err
	}
	if in.SourceIdentity != nil {
		if err := text(in.SourceIdentity, "sourceIdentity", 2, 64, sessionName); err != nil {
			return nil, err
		}
		out.SourceIdentity = *in.SourceIdentity
	}
	if packed(out) == 0 {
		return nil, nil
	}
	if packed(out) > packedSize {
		return nil, &types.PackedPolicyTooLargeException{Message: aws.String("Packed size of session tags consumes more than 100% of allotted space.")}
	}
	return out, nil
}

// limits takes the session's own policies.
func limits(in *sts.AssumeRoleInput, out *wire.Session) error {
	if in.Policy != nil {
		if err := text(in.Policy, "policy", 1, 2048, nil); err != nil {
			return err
		}
		if _, err := policy.Parse(*in.Policy, policy.OfIdentity); err != nil {
			return &types.MalformedPolicyDocumentException{Message: aws.String(err.Error())}
		}
		out.Policies = []string{*in.Policy}
	}
	if len(in.PolicyArns) > 10 {
		return constraint(len(in.PolicyArns), "policyArns", "Member must have length less than or equal to 10")
	}
	for _, p := range in.PolicyArns {
		if err := text(p.Arn, "policyArns.arn", 20, 2048, nil); err != nil {
			return err
		}
		out.PolicyARNs = append(out.PolicyARNs, *p.Arn)
	}
	return nil
}

// tagged takes the session's tags, and those its caller's session passes on.
func tagged(caller wire.Identity, in *sts.AssumeRoleInput, out *wire.Session) error {
	own, err := tags(in.Tags)
	if err != nil {
		return err
	}
	out.TransitiveKeys = in.TransitiveTagKeys
	for _, key := range in.TransitiveTagKeys {
		if _, ok := own[key]; !ok {
			return wire.Errorf("InvalidParameterValue", "The transitive tag key %q is not among the tags of the request.", key)
		}
	}
	if from := caller.Session; from != nil {
		for _, key := range from.TransitiveKeys {
			if value, again := own[key]; again && value != from.Tags[key] {
				return wire.Errorf("InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
			}
			own[key] = from.Tags[key]
		}
		out.TransitiveKeys = append(slices.Clone(out.TransitiveKeys), from.TransitiveKeys...)
		if in.SourceIdentity == nil {
			out.SourceIdentity = from.SourceIdentity
		}
	}
	if len(own) > 0 {
		out.Tags = own
	}
	return nil
}

// packed is the room a session's own part takes in its token.
func packed(s *wire.Session) (n int) {
	for _, p := range s.Policies {
		n += len(p)
	}
	for _, p := range s.PolicyARNs {
		n += len(p)
	}
	for k, v := range s.Tags {
		n += len(k) + len(v)
	}
	return n + len(s.SourceIdentity)
}

// trusts asks the role's trust policy.
func trusts(role state.Role, caller wire.Identity, in *sts.AssumeRoleInput, session *wire.Session, seconds int32) error {
	if role.MaxSessionDuration > 0 && seconds > role.MaxSessionDuration {
		return wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	document, err := policy.Parse(role.TrustPolicy, policy.OfTrust)
	if err != nil {
		return notAuthorized(caller, "sts:AssumeRole", role.ARN)
	}
	actions := []string{"sts:AssumeRole"}
	if len(in.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if in.SourceIdentity != nil {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		q := policy.Question{
			Caller: policy.Caller{Account: caller.Account, ARN: caller.ARN, Role: caller.Role},
			Action: action, Context: trustContext(caller, in, session),
		}
		if policy.Evaluate(q, document) != policy.Allowed {
			return notAuthorized(caller, action, role.ARN)
		}
	}
	return nil
}

// trustContext is what the conditions of trust policies may ask for.
func trustContext(caller wire.Identity, in *sts.AssumeRoleInput, session *wire.Session) map[string][]string {
	one := func(v *string) []string {
		if v == nil {
			return []string{}
		}
		return []string{*v}
	}
	principal := caller.ARN
	if caller.Role != "" {
		principal = caller.Role
	}
	out := map[string][]string{
		"sts:externalid": one(in.ExternalId), "sts:rolesessionname": one(in.RoleSessionName), "sts:sourceidentity": one(in.SourceIdentity),
		"aws:principalarn": {principal}, "aws:principalaccount": {caller.Account}, "aws:userid": {caller.UserID},
		"aws:multifactorauthpresent": {}, "aws:tagkeys": slices.Sorted(maps.Keys(given(in.Tags))), "sts:transitivetagkeys": in.TransitiveTagKeys,
	}
	for key, value := range given(in.Tags) {
		out["aws:requesttag/"+strings.ToLower(key)] = []string{value}
	}
	if session != nil && caller.Session != nil {
		for key, value := range caller.Session.Tags {
			out["aws:principaltag/"+strings.ToLower(key)] = []string{value}
		}
	}
	return out
}

func given(list []types.Tag) map[string]string {
	out := map[string]string{}
	for _, tag := range list {
		out[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out
}

func notAuthorized(caller wire.Identity, action, role string) error {
	return accessDenied("User: %s is not authorized to perform: %s on resource: %s", caller.ARN, action, role)
}
