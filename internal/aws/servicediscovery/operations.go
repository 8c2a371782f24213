package servicediscovery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// kept is how long an operation is told of.
const kept = 24 * time.Hour

// swept is how many operations that are told of no more one write removes:
// more than it adds.
const swept = 4

// request is what a request is known by when it comes again.
type request struct{ id, asked string }

// asking is a request of a CreatorRequestId for what is given.
func asking(id *string, what any) request {
	b, err := json.Marshal(what)
	if err != nil {
		b = []byte(fmt.Sprintf("%#v", what))
	}
	sum := sha256.Sum256(b)
	return request{aws.ToString(id), hex.EncodeToString(sum[:])}
}

// again tells whether the operation answers the request already. The same id
// with something else is refused.
func again(r store.Reader, scope state.Scope, operation string, q request) (bool, error) {
	o, ok := store.DiscoveryOperations.Get(r, scope.Key(sorted(operation)))
	switch {
	case !ok || q.id == "" || o.Request != q.id:
		return false, nil
	case o.Asked != q.asked:
		return false, &types.DuplicateRequest{Message: aws.String("The request " + q.id + " was for something else, and has been carried out."), DuplicateOperationId: &o.ID}
	}
	return true, nil
}

// newOperationID is one as AWS's: its end is the time, in base 36.
func (s *Service) newOperationID() string {
	return s.cfg.NewID() + "-" + fmt.Sprintf("%09s", strconv.FormatInt(s.now().UnixMilli(), 36))
}

// sorted is the id under which an operation is stored: in the order of time.
func sorted(id string) string {
	random, at, ok := strings.Cut(id, "-")
	if !ok {
		return id
	}
	return at + "-" + random
}

// carriedOut notes an operation, which is done, and forgets old ones.
func (s *Service) carriedOut(w store.Writer, scope state.Scope, id string, kind types.OperationType, targets map[types.OperationTargetType]string, q request) error {
	now := s.now()
	var gone []state.Key
	for key, old := range store.DiscoveryOperations.List(w, scope, "") {
		if len(gone) == swept || now.Sub(old.UpdatedAt) < kept {
			break
		}
		gone = append(gone, key)
	}
	for _, key := range gone {
		store.DiscoveryOperations.Delete(w, key)
	}
	o := state.DiscoveryOperation{
		ID: id, Type: string(kind), Status: string(types.OperationStatusSuccess), CreatedAt: now, UpdatedAt: now,
		Targets: map[string]string{}, Request: q.id, Asked: q.asked,
	}
	for name, target := range targets {
		o.Targets[string(name)] = target
	}
	return store.DiscoveryOperations.Put(w, scope.Key(sorted(id)), o)
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_GetOperation.html
func (s *Service) getOperation(ctx context.Context, caller wire.Caller, in *sdk.GetOperationInput) (*sdk.GetOperationOutput, error) {
	key, err := id(in.OperationId, "operationId")
	if err != nil {
		return nil, err
	}
	if err := own(in.OwnerAccount, caller.Scope); err != nil {
		return nil, err
	}
	out := &sdk.GetOperationOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		o, ok := store.DiscoveryOperations.Get(r, caller.Scope.Key(sorted(key)))
		if !ok {
			return &types.OperationNotFound{Message: aws.String("The operation " + key + " can't be found.")}
		}
		out.Operation = &types.Operation{
			Id: &o.ID, Type: types.OperationType(o.Type), Status: types.OperationStatus(o.Status), CreateDate: &o.CreatedAt, UpdateDate: &o.UpdatedAt,
			Targets: o.Targets, OwnerAccount: aws.String(caller.Scope.Account),
		}
		if o.Code != "" {
			out.Operation.ErrorCode, out.Operation.ErrorMessage = &o.Code, &o.Message
		}
		return nil
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_ListOperations.html
func (s *Service) listOperations(ctx context.Context, caller wire.Caller, in *sdk.ListOperationsInput) (*sdk.ListOperationsOutput, error) {
	pass, err := operationFilters(in.Filters)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListOperationsOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		list := []types.OperationSummary{}
		for _, o := range store.DiscoveryOperations.List(r, caller.Scope, "") {
			if pass(o) {
				list = append(list, types.OperationSummary{Id: &o.ID, Status: types.OperationStatus(o.Status)})
			}
		}
		var err error
		out.Operations, out.NextToken, err = page("operations", list, func(o types.OperationSummary) string { return sorted(*o.Id) }, in.NextToken, in.MaxResults)
		return err
	})
}

func operationFilters(filters []types.OperationFilter) (func(state.DiscoveryOperation) bool, error) {
	var all []func(state.DiscoveryOperation) bool
	for _, f := range filters {
		allowed := []types.FilterCondition{types.FilterConditionEq}
		var of func(state.DiscoveryOperation) string
		switch f.Name {
		case types.OperationFilterNameNamespaceId:
			of = func(o state.DiscoveryOperation) string { return o.Targets[string(types.OperationTargetTypeNamespace)] }
		case types.OperationFilterNameServiceId:
			of = func(o state.DiscoveryOperation) string { return o.Targets[string(types.OperationTargetTypeService)] }
		case types.OperationFilterNameStatus:
			of, allowed = func(o state.DiscoveryOperation) string { return o.Status }, append(allowed, types.FilterConditionIn)
		case types.OperationFilterNameType:
			of, allowed = func(o state.DiscoveryOperation) string { return o.Type }, append(allowed, types.FilterConditionIn)
		case types.OperationFilterNameUpdateDate:
			within, err := between(f)
			if err != nil {
				return nil, err
			}
			all = append(all, within)
			continue
		default:
			return nil, constraint(string(f.Name), "filters", wire.OneOf(f.Name.Values()))
		}
		if err := checkFilter(string(f.Name), f.Condition, f.Values, allowed...); err != nil {
			return nil, err
		}
		all = append(all, func(o state.DiscoveryOperation) bool { return slices.Contains(f.Values, of(o)) })
	}
	return func(o state.DiscoveryOperation) bool {
		return !slices.ContainsFunc(all, func(pass func(state.DiscoveryOperation) bool) bool { return !pass(o) })
	}, nil
}

// between reads a range of Unix times.
func between(f types.OperationFilter) (func(state.DiscoveryOperation) bool, error) {
	if f.Condition != types.FilterConditionBetween || len(f.Values) != 2 {
		return nil, invalid("The filter UPDATE_DATE takes the condition BETWEEN and two values.")
	}
	var ends [2]time.Time
	for i, v := range f.Values {
		seconds, err := strconv.ParseFloat(v, 64)
		if err != nil || seconds < 0 || seconds > 1e12 {
			return nil, invalid("%q is no Unix time.", v)
		}
		ends[i] = time.UnixMilli(int64(seconds * 1000))
	}
	return func(o state.DiscoveryOperation) bool {
		return !o.UpdatedAt.Before(ends[0]) && !o.UpdatedAt.After(ends[1])
	}, nil
}
