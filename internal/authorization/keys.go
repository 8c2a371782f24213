package authorization

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// keyNeeds: the key, as its policy decides; what is done to an alias takes the
// right to the alias too, and ReEncrypt names two keys.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
func (v *view) keyNeeds(operation string, in any) []need {
	action := "kms:" + operation
	switch alias := text(in, "AliasName"); {
	case operation == "ReEncrypt":
		return []need{
			v.keyOf("kms:ReEncryptFrom", text(in, "SourceKeyId"), in, "SourceEncryptionContext"),
			v.keyOf("kms:ReEncryptTo", text(in, "DestinationKeyId"), in, "DestinationEncryptionContext"),
		}
	case alias != "" && operation != "ListAliases":
		out := []need{{action: action, resource: v.scope.ARN("kms", alias)}}
		if operation != "CreateAlias" {
			if at, ok := store.KMSAliases.Get(v.r, v.scope.Key(alias)); ok {
				out = append(out, v.keyOf(action, at.KeyID, in, ""))
			}
		}
		if target := text(in, "TargetKeyId"); target != "" {
			out = append(out, v.keyOf(action, target, in, ""))
		}
		return out
	case text(in, "KeyId") != "" && operation != "ListAliases", operation == "Decrypt":
		return []need{v.keyOf(action, text(in, "KeyId"), in, "EncryptionContext")}
	}
	return []need{{action: action, resource: "*"}}
}

// keyOf finds the key that a reference means, or without one the key that the
// input's ciphertext is of.
func (v *view) keyOf(action, ref string, in any, contextMember string) need {
	if ref == "" {
		blob, _ := bytesOf(in, "CiphertextBlob")
		ref = kmskey.OfCiphertext(blob)
	}
	key, err := kmskey.Find(v.r, v.scope, ref)
	if err != nil {
		if !strings.HasPrefix(ref, "arn:") && !strings.HasPrefix(ref, "alias/") {
			ref = v.scope.KMSKeyARN(ref)
		}
		return need{action: action, resource: ref}
	}
	n := v.key(action, key, pairs(in, contextMember))
	n.context["kms:viaservice"] = []string{}
	if strings.Contains(ref, "alias/") {
		n.context["kms:requestalias"] = []string{ref[strings.Index(ref, "alias/"):]}
	}
	return n
}

// key is the need of a key, with the condition keys of it and of what it is
// to do.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
func (v *view) key(action string, key state.KMSKey, bound map[string]string) need {
	n := need{action: action, resource: key.ARN, policy: key.Policy, key: true, context: map[string][]string{
		"kms:calleraccount": {v.who.Account}, "kms:keyspec": {string(types.KeySpecSymmetricDefault)}, "kms:keyusage": {string(types.KeyUsageTypeEncryptDecrypt)},
		"kms:keyorigin": {string(types.OriginTypeAwsKms)}, "kms:multiregion": {"false"}, "kms:requestalias": {}, "kms:grantisforawsresource": {},
		"kms:encryptionalgorithm": {string(types.EncryptionAlgorithmSpecSymmetricDefault)}, "kms:encryptioncontextkeys": slices.Sorted(maps.Keys(bound)),
		"kms:resourcealiases": {},
	}}
	for _, alias := range store.KMSAliases.List(v.r, v.scope, "") {
		if alias.KeyID == key.ID {
			n.context["kms:resourcealiases"] = append(n.context["kms:resourcealiases"], alias.Name)
		}
	}
	for name, value := range bound {
		n.context["kms:encryptioncontext:"+strings.ToLower(name)] = []string{value}
	}
	for _, tag := range key.Tags {
		n.context["aws:resourcetag/"+strings.ToLower(aws.ToString(tag.TagKey))] = []string{aws.ToString(tag.TagValue)}
	}
	return n
}

// AuthorizeKey implements wire.AuthorizeKey. A key that AWS manages for a service
// is everybody's who may use the service. Of a task whose role is not in IAM
// only the key's policy is asked.
func (a *Authorizer) AuthorizeKey(ctx context.Context, caller wire.Caller, use wire.KeyUse) error {
	if caller.Identity.Task == "" {
		return nil
	}
	return a.Store.View(ctx, func(r store.Reader) error {
		v := a.view(r, caller)
		key, err := kmskey.Find(r, v.scope, use.Key)
		if err != nil || key.Manager == types.KeyManagerTypeAws {
			return nil // what is not there opens nothing
		}
		need := v.key(use.Action, key, use.Context)
		need.context["kms:viaservice"] = []string{use.Service + "." + v.scope.Region + ".amazonaws.com"}
		need.context["aws:viaawsservice"] = []string{"true"}
		var by verdict
		if role, known := identity.Role(r, caller.Identity.Role); caller.Identity.Role != "" && known {
			by = v.judge(role, Documents(r, role.ARN, role.Grants), need)
		} else {
			by = need.joined(policy.Allowed, v.question(state.Role{}, need))
		}
		if by.decision != policy.Allowed {
			return v.denied("kms", need, by, "")
		}
		return nil
	})
}

// pairs is a member that is a map of texts.
func pairs(in any, name string) map[string]string {
	out, _ := valueOf(in, name).(map[string]string)
	return out
}

func bytesOf(in any, name string) ([]byte, bool) {
	out, ok := valueOf(in, name).([]byte)
	return out, ok
}
