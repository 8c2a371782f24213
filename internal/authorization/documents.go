package authorization

import (
	"maps"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/policy/managed"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Documents are all policies of a user, group or role with the given ARN.
func Documents(r store.Reader, arn string, grants state.Grants) (out []policy.Document) {
	for _, name := range slices.Sorted(maps.Keys(grants.Inline)) {
		out = append(out, parsed(grants.Inline[name])...)
	}
	for _, attached := range grants.Attached {
		out = append(out, managedDocument(r, attached)...)
	}
	return out
}

// managedDocument is the default version of a managed policy, AWS's or the
// account's; none when it is not there.
func managedDocument(r store.Reader, arn string) []policy.Document {
	if text, ok := managed.Document(arn); ok {
		return parsed(text)
	}
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	if p, ok := store.Policies.Get(r, state.IAMKey(identity.AccountOfARN(arn), name)); ok && p.ARN == arn {
		return parsed(p.Document())
	}
	return nil
}

func sessionDocuments(r store.Reader, s *wire.Session) (out []policy.Document) {
	for _, text := range s.Policies {
		out = append(out, parsed(text)...)
	}
	for _, arn := range s.PolicyARNs {
		out = append(out, managedDocument(r, arn)...)
	}
	return out
}

// parsed reads a document that was checked when it was put; one that cannot be
// read allows nothing.
func parsed(text string) []policy.Document {
	d, err := policy.Parse(text, policy.OfIdentity)
	if err != nil {
		return nil
	}
	return []policy.Document{d}
}
