package events

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/connection"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// settleDestination puts what a request gives, and checks it.
func settleDestination(r store.Reader, scope state.Scope, d *state.APIDestination, description, con, endpoint *string, method types.ApiDestinationHttpMethod, rate *int32) error {
	if err := checkLength(description, "description", 512); err != nil {
		return err
	}
	if description != nil {
		d.Description = *description
	}
	if con != nil {
		c, ok := store.EventConnections.Get(r, scope.Key(connection.Name(*con)))
		if !ok || c.ARN != *con {
			return notFound("Connection '%s' does not exist.", *con)
		}
		d.Connection = *con
	}
	if endpoint != nil {
		if err := checkEndpoint("InvocationEndpoint", endpoint); err != nil {
			return err
		}
		d.Endpoint = *endpoint
	}
	if err := checkEnum(method, "httpMethod", method.Values()); err != nil {
		return err
	}
	if method != "" {
		d.Method = method
	}
	if rate != nil {
		if *rate < 1 {
			return constraint(fmt.Sprint(*rate), "invocationRateLimitPerSecond", "Member must have value greater than or equal to 1")
		}
		d.PerSecond = *rate
	}
	return nil
}

// defaultRate is how many requests a destination takes in a second at most.
const defaultRate = 300

func (s *Service) createAPIDestination(ctx context.Context, caller wire.Caller, in *sdk.CreateApiDestinationInput) (*sdk.CreateApiDestinationOutput, error) {
	scope := caller.Scope
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	if in.ConnectionArn == nil || in.InvocationEndpoint == nil || in.HttpMethod == "" {
		return nil, invalid("ConnectionArn, InvocationEndpoint and HttpMethod are required.")
	}
	now := s.now()
	d := state.APIDestination{Name: *in.Name, ARN: scope.ARN("events", "api-destination/"+*in.Name+"/"+s.cfg.NewID()), PerSecond: defaultRate, CreatedAt: now, ModifiedAt: now}
	is := types.ApiDestinationStateActive
	err := s.update(ctx, func(w store.Writer) error {
		if _, ok := store.APIDestinations.Get(w, scope.Key(d.Name)); ok {
			return exists("An api-destination '%s' already exists.", d.Name)
		}
		if err := settleDestination(w, scope, &d, in.Description, in.ConnectionArn, in.InvocationEndpoint, in.HttpMethod, in.InvocationRateLimitPerSecond); err != nil {
			return err
		}
		is = destinationState(w, scope, d)
		return store.APIDestinations.Put(w, scope.Key(d.Name), d)
	})
	return &sdk.CreateApiDestinationOutput{ApiDestinationArn: &d.ARN, ApiDestinationState: is, CreationTime: &now, LastModifiedTime: &now}, err
}

// destinationState is ACTIVE while its connection can be used.
func destinationState(r store.Reader, scope state.Scope, d state.APIDestination) types.ApiDestinationState {
	c, ok := store.EventConnections.Get(r, scope.Key(connection.Name(d.Connection)))
	if !ok || c.ARN != d.Connection || connectionState(c) == types.ConnectionStateDeauthorized {
		return types.ApiDestinationStateInactive
	}
	return types.ApiDestinationStateActive
}

func findDestination(r store.Reader, scope state.Scope, name, doing string) (state.APIDestination, error) {
	d, ok := store.APIDestinations.Get(r, scope.Key(name))
	if !ok {
		return d, notFound("Failed to %s the api-destination(s). An api-destination '%s' does not exist.", doing, name)
	}
	return d, nil
}

func (s *Service) updateAPIDestination(ctx context.Context, caller wire.Caller, in *sdk.UpdateApiDestinationInput) (*sdk.UpdateApiDestinationOutput, error) {
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	now := s.now()
	var out *sdk.UpdateApiDestinationOutput
	err := s.update(ctx, func(w store.Writer) error {
		d, err := findDestination(w, caller.Scope, *in.Name, "update")
		if err != nil {
			return err
		}
		if err := settleDestination(w, caller.Scope, &d, in.Description, in.ConnectionArn, in.InvocationEndpoint, in.HttpMethod, in.InvocationRateLimitPerSecond); err != nil {
			return err
		}
		d.ModifiedAt = now
		out = &sdk.UpdateApiDestinationOutput{
			ApiDestinationArn: &d.ARN, ApiDestinationState: destinationState(w, caller.Scope, d), CreationTime: moment(d.CreatedAt), LastModifiedTime: &now,
		}
		return store.APIDestinations.Put(w, caller.Scope.Key(d.Name), d)
	})
	return out, err
}

func (s *Service) deleteAPIDestination(ctx context.Context, caller wire.Caller, in *sdk.DeleteApiDestinationInput) (*sdk.DeleteApiDestinationOutput, error) {
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	return &sdk.DeleteApiDestinationOutput{}, s.update(ctx, func(w store.Writer) error {
		_, err := findDestination(w, caller.Scope, *in.Name, "delete")
		store.APIDestinations.Delete(w, caller.Scope.Key(*in.Name))
		return err
	})
}

func (s *Service) describeAPIDestination(ctx context.Context, caller wire.Caller, in *sdk.DescribeApiDestinationInput) (*sdk.DescribeApiDestinationOutput, error) {
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	var out *sdk.DescribeApiDestinationOutput
	err := s.view(ctx, func(r store.Reader) error {
		d, err := findDestination(r, caller.Scope, *in.Name, "describe")
		out = &sdk.DescribeApiDestinationOutput{
			Name: &d.Name, ApiDestinationArn: &d.ARN, ApiDestinationState: destinationState(r, caller.Scope, d), ConnectionArn: &d.Connection, Description: optional(d.Description),
			InvocationEndpoint: &d.Endpoint, HttpMethod: d.Method, InvocationRateLimitPerSecond: &d.PerSecond, CreationTime: moment(d.CreatedAt), LastModifiedTime: moment(d.ModifiedAt),
		}
		return err
	})
	return out, err
}

func (s *Service) listAPIDestinations(ctx context.Context, caller wire.Caller, in *sdk.ListApiDestinationsInput) (*sdk.ListApiDestinationsOutput, error) {
	var all []types.ApiDestination
	err := s.view(ctx, func(r store.Reader) error {
		all = nil
		for _, d := range store.APIDestinations.List(r, caller.Scope, aws.ToString(in.NamePrefix)) {
			if in.ConnectionArn == nil || *in.ConnectionArn == d.Connection {
				all = append(all, types.ApiDestination{
					Name: &d.Name, ApiDestinationArn: &d.ARN, ApiDestinationState: destinationState(r, caller.Scope, d), ConnectionArn: &d.Connection,
					InvocationEndpoint: &d.Endpoint, HttpMethod: d.Method, InvocationRateLimitPerSecond: &d.PerSecond, CreationTime: moment(d.CreatedAt), LastModifiedTime: moment(d.ModifiedAt),
				})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := page("api-destinations", all, func(d types.ApiDestination) string { return *d.Name }, in.NextToken, in.Limit)
	return &sdk.ListApiDestinationsOutput{ApiDestinations: append([]types.ApiDestination{}, list...), NextToken: next}, err
}
