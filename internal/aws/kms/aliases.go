package kms

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

var aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)

func checkAlias(name *string) error {
	switch n := aws.ToString(name); {
	case !strings.HasPrefix(n, "alias/"):
		return invalid("Invalid identifier")
	case !aliasName.MatchString(n):
		return constraint(n, "aliasName", "Member must satisfy regular expression pattern: ^[a-zA-Z0-9/_-]+$")
	case strings.HasPrefix(n, "alias/aws/"):
		return &types.InvalidAliasNameException{Message: aws.String("Prefix alias/aws/ is reserved for AWS managed keys")}
	}
	return nil
}

// target returns the customer's key an alias is to name.
func target(r store.Reader, scope state.Scope, id *string) (state.KMSKey, error) {
	if strings.Contains(aws.ToString(id), "alias/") {
		return state.KMSKey{}, invalid("Aliases must refer to keys. Not aliases")
	}
	key, err := kmskey.Find(r, scope, aws.ToString(id))
	if err == nil {
		err = pending(&key)
	}
	return key, err
}

func (s *Service) createAlias(ctx context.Context, caller wire.Caller, in *sdk.CreateAliasInput) (*sdk.CreateAliasOutput, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	scope, now := caller.Scope, s.now().UTC()
	err := s.store.Update(ctx, func(w store.Writer) error {
		key, err := target(w, scope, in.TargetKeyId)
		if err != nil {
			return err
		}
		if _, ok := store.KMSAliases.Get(w, scope.Key(*in.AliasName)); ok {
			return &types.AlreadyExistsException{Message: aws.String("An alias with the name " + scope.ARN("kms", *in.AliasName) + " already exists")}
		}
		return store.KMSAliases.Put(w, scope.Key(*in.AliasName), state.KMSAlias{Name: *in.AliasName, KeyID: key.ID, CreatedAt: now, UpdatedAt: now})
	})
	return &sdk.CreateAliasOutput{}, told(err)
}

func (s *Service) updateAlias(ctx context.Context, caller wire.Caller, in *sdk.UpdateAliasInput) (*sdk.UpdateAliasOutput, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	scope := caller.Scope
	err := s.store.Update(ctx, func(w store.Writer) error {
		alias, ok := store.KMSAliases.Get(w, scope.Key(*in.AliasName))
		if !ok {
			return aliasNotFound(scope, *in.AliasName)
		}
		key, err := target(w, scope, in.TargetKeyId)
		if err != nil {
			return err
		}
		alias.KeyID, alias.UpdatedAt = key.ID, s.now().UTC()
		return store.KMSAliases.Put(w, scope.Key(alias.Name), alias)
	})
	return &sdk.UpdateAliasOutput{}, told(err)
}

func (s *Service) deleteAlias(ctx context.Context, caller wire.Caller, in *sdk.DeleteAliasInput) (*sdk.DeleteAliasOutput, error) {
	if err := checkAlias(in.AliasName); err != nil {
		return nil, err
	}
	err := s.store.Update(ctx, func(w store.Writer) error {
		at := caller.Scope.Key(*in.AliasName)
		if _, ok := store.KMSAliases.Get(w, at); !ok {
			return aliasNotFound(caller.Scope, *in.AliasName)
		}
		store.KMSAliases.Delete(w, at)
		return nil
	})
	return &sdk.DeleteAliasOutput{}, err
}

func aliasNotFound(scope state.Scope, name string) error {
	return &types.NotFoundException{Message: aws.String("Alias " + scope.ARN("kms", name) + " is not found.")}
}

func aliasesOf(r store.Reader, scope state.Scope, keyID string) (out []state.KMSAlias) {
	for _, alias := range store.KMSAliases.List(r, scope, "") {
		if alias.KeyID == keyID {
			out = append(out, alias)
		}
	}
	return out
}

// listAliases lists the services' own aliases too, also before their keys are
// made.
func (s *Service) listAliases(ctx context.Context, caller wire.Caller, in *sdk.ListAliasesInput) (*sdk.ListAliasesOutput, error) {
	most, after, err := page("aliases", in.Limit, in.Marker, 100)
	if err != nil {
		return nil, err
	}
	scope, wanted := caller.Scope, ""
	if in.KeyId != nil {
		key, err := s.find(ctx, scope, in.KeyId)
		if err != nil {
			return nil, err
		}
		wanted = key.ID
	}
	var all []state.KMSAlias
	err = s.store.View(ctx, func(r store.Reader) error {
		for _, alias := range store.KMSAliases.List(r, scope, "") {
			if wanted == "" || alias.KeyID == wanted {
				all = append(all, alias)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if wanted == "" {
		for _, service := range services {
			name := "alias/aws/" + service
			if !slices.ContainsFunc(all, func(a state.KMSAlias) bool { return a.Name == name }) {
				all = append(all, state.KMSAlias{Name: name})
			}
		}
	}
	slices.SortFunc(all, func(a, b state.KMSAlias) int { return strings.Compare(a.Name, b.Name) })
	out := &sdk.ListAliasesOutput{Aliases: []types.AliasListEntry{}}
	for _, alias := range all {
		if alias.Name <= after {
			continue
		}
		if len(out.Aliases) == most {
			out.Truncated, out.NextMarker = true, aws.String(wire.PageToken("aliases", *out.Aliases[most-1].AliasName))
			break
		}
		entry := types.AliasListEntry{AliasName: aws.String(alias.Name), AliasArn: aws.String(scope.ARN("kms", alias.Name))}
		if alias.KeyID != "" {
			entry.TargetKeyId, entry.CreationDate, entry.LastUpdatedDate = aws.String(alias.KeyID), aws.Time(alias.CreatedAt), aws.Time(alias.UpdatedAt)
		}
		out.Aliases = append(out.Aliases, entry)
	}
	return out, nil
}
