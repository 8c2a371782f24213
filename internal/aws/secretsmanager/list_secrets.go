package secretsmanager

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) listSecrets(ctx context.Context, caller wire.Caller, in *sdk.ListSecretsInput) (*sdk.ListSecretsOutput, error) {
	size, err := pageSize(in.MaxResults, 100)
	if err != nil {
		return nil, err
	}
	if in.SortBy != "" && !slices.Contains(in.SortBy.Values(), in.SortBy) {
		return nil, constraint(string(in.SortBy), "sortBy", "Member must satisfy enum value set: [created-date, last-accessed-date, last-changed-date, name]")
	}
	if in.SortOrder != "" && !slices.Contains(in.SortOrder.Values(), in.SortOrder) {
		return nil, constraint(string(in.SortOrder), "sortOrder", "Member must satisfy enum value set: [asc, desc]")
	}
	after, err := readToken("ListSecrets", in.NextToken)
	if err != nil {
		return nil, err
	}
	page, next, err := s.list(ctx, caller.Scope, listing{
		filters: in.Filters, deleted: aws.ToBool(in.IncludePlannedDeletion),
		sortBy: in.SortBy, descending: in.SortOrder == types.SortOrderTypeDesc, after: after, size: size,
	})
	if err != nil {
		return nil, err
	}
	out := &sdk.ListSecretsOutput{SecretList: []types.SecretListEntry{}, NextToken: wire.NextPage("ListSecrets", next)}
	for _, secret := range page {
		out.SecretList = append(out.SecretList, entry(secret))
	}
	return out, nil
}

// listing is which secrets to list, in what order, from where.
type listing struct {
	filters    []types.Filter
	deleted    bool // also those marked for deletion
	sortBy     types.SortByType
	descending bool
	after      string // the position of the last secret of the page before
	size       int
}

// list returns one page and the position to continue after, "" at the end.
func (s *Service) list(ctx context.Context, scope state.Scope, l listing) (page []state.Secret, next string, err error) {
	if err := checkFilters(l.filters); err != nil {
		return nil, "", err
	}
	var all []state.Secret
	err = s.store.View(ctx, func(r store.Reader) error {
		for _, secret := range store.Secrets.List(r, scope, "") {
			if (l.deleted || secret.DeletedAt == nil) && matches(secret, l.filters) {
				all = append(all, secret)
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	order := func(a, b string) int {
		if l.descending {
			a, b = b, a
		}
		return strings.Compare(a, b)
	}
	slices.SortFunc(all, func(a, b state.Secret) int { return order(position(a, l.sortBy), position(b, l.sortBy)) })
	for _, secret := range all {
		if l.after != "" && order(position(secret, l.sortBy), l.after) <= 0 {
			continue
		}
		if len(page) == l.size {
			return page, position(page[len(page)-1], l.sortBy), nil
		}
		page = append(page, secret)
	}
	return page, "", nil
}

// position is where a secret stands in an order, unique by the name at its end.
func position(secret state.Secret, by types.SortByType) string {
	at := secret.CreatedAt
	switch by {
	case types.SortByTypeName:
		return secret.Name
	case types.SortByTypeLastChangedDate:
		at = secret.ChangedAt
	case types.SortByTypeLastAccessedDate:
		at = time.Unix(0, 0)
		if secret.AccessedDay != nil {
			at = *secret.AccessedDay
		}
	}
	return fmt.Sprintf("%020d %s", at.UnixNano(), secret.Name)
}
