package events

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/connection"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) createConnection(ctx context.Context, caller wire.Caller, in *sdk.CreateConnectionInput) (*sdk.CreateConnectionOutput, error) {
	scope := caller.Scope
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	if err := checkConnection(in.Description, in.KmsKeyIdentifier, in.InvocationConnectivityParameters); err != nil {
		return nil, err
	}
	if in.AuthParameters == nil {
		return nil, invalid("AuthParameters is required.")
	}
	if err := checkAuth(in.AuthorizationType, in.AuthParameters); err != nil {
		return nil, err
	}
	sealed, err := connection.Seal(s.cfg.Keyring, scope.Key(*in.Name), *in.AuthParameters)
	if err != nil {
		return nil, err
	}
	now := s.now()
	c := state.EventConnection{
		Name: *in.Name, ARN: scope.ARN("events", "connection/"+*in.Name+"/"+s.cfg.NewID()), Description: aws.ToString(in.Description),
		Type: in.AuthorizationType, Shown: connection.Shown(*in.AuthParameters), Secret: sealed, CreatedAt: now, ModifiedAt: now,
	}
	s.authorize(&c, now)
	err = s.update(ctx, func(w store.Writer) error {
		if _, ok := store.EventConnections.Get(w, scope.Key(c.Name)); ok {
			return exists("Connection %s already exists.", c.Name)
		}
		return store.EventConnections.Put(w, scope.Key(c.Name), c)
	})
	return &sdk.CreateConnectionOutput{ConnectionArn: &c.ARN, ConnectionState: connectionState(c), CreationTime: &now, LastModifiedTime: &now}, err
}

func connectionState(c state.EventConnection) types.ConnectionState {
	now, _ := c.Authorization()
	return now
}

func stateReason(c state.EventConnection) *string {
	_, why := c.Authorization()
	return optional(why)
}

// authorize has a connection authorized: at once, or with OAuth by its endpoint,
// which control/deliver asks.
func (s *Service) authorize(c *state.EventConnection, now time.Time) {
	if c.Deauthorized = false; c.Type == types.ConnectionAuthorizationTypeOauthClientCredentials {
		c.Asked = s.cfg.NewID()
		return
	}
	c.AuthorizedAt = now
}

// changeConnection edits a copy of a connection.
func (s *Service) changeConnection(ctx context.Context, scope state.Scope, name *string, fn func(w store.Writer, c *state.EventConnection) error) (out state.EventConnection, err error) {
	if err := checkName(name, "name", 64, nameForm); err != nil {
		return out, err
	}
	err = s.update(ctx, func(w store.Writer) error {
		c, ok := store.EventConnections.Get(w, scope.Key(*name))
		if !ok {
			return notFound("Connection '%s' does not exist.", *name)
		}
		if err := fn(w, &c); err != nil {
			return err
		}
		out = c
		return store.EventConnections.Put(w, scope.Key(c.Name), c)
	})
	return out, err
}

// updateConnection changes what is given; another way to authorize replaces the
// one before. An endpoint of OAuth is asked again.
func (s *Service) updateConnection(ctx context.Context, caller wire.Caller, in *sdk.UpdateConnectionInput) (*sdk.UpdateConnectionOutput, error) {
	if err := checkConnection(in.Description, in.KmsKeyIdentifier, in.InvocationConnectivityParameters); err != nil {
		return nil, err
	}
	now := s.now()
	c, err := s.changeConnection(ctx, caller.Scope, in.Name, func(_ store.Writer, c *state.EventConnection) error {
		key := caller.Scope.Key(c.Name)
		if in.Description != nil {
			c.Description = *in.Description
		}
		c.ModifiedAt = now
		if in.AuthParameters == nil && (in.AuthorizationType == "" || in.AuthorizationType == c.Type) {
			if !c.Deauthorized && c.Type == types.ConnectionAuthorizationTypeOauthClientCredentials {
				s.authorize(c, now)
			}
			return nil
		}
		var p connection.Parameters
		if !c.Deauthorized {
			var err error
			if p, err = connection.Open(s.cfg.Keyring, key, c.Secret); err != nil {
				return err
			}
		}
		if in.AuthorizationType != "" && in.AuthorizationType != c.Type {
			c.Type = in.AuthorizationType
			p = connection.Parameters{InvocationHttpParameters: p.InvocationHttpParameters}
		}
		if err := overlay(&p, in.AuthParameters); err != nil {
			return err
		}
		if err := checkAuth(c.Type, &p); err != nil {
			return err
		}
		sealed, err := connection.Seal(s.cfg.Keyring, key, p)
		c.Secret, c.Shown = sealed, connection.Shown(p)
		s.authorize(c, now)
		return err
	})
	return &sdk.UpdateConnectionOutput{
		ConnectionArn: &c.ARN, ConnectionState: connectionState(c), CreationTime: moment(c.CreatedAt), LastModifiedTime: moment(c.ModifiedAt), LastAuthorizedTime: moment(c.LastAuthorized()),
	}, err
}

// deauthorizeConnection forgets a connection's secrets.
func (s *Service) deauthorizeConnection(ctx context.Context, caller wire.Caller, in *sdk.DeauthorizeConnectionInput) (*sdk.DeauthorizeConnectionOutput, error) {
	now := s.now()
	c, err := s.changeConnection(ctx, caller.Scope, in.Name, func(_ store.Writer, c *state.EventConnection) error {
		c.Deauthorized, c.Secret, c.ModifiedAt = true, state.Sealed{}, now
		return nil
	})
	return &sdk.DeauthorizeConnectionOutput{
		ConnectionArn: &c.ARN, ConnectionState: connectionState(c), CreationTime: moment(c.CreatedAt), LastModifiedTime: moment(c.ModifiedAt), LastAuthorizedTime: moment(c.LastAuthorized()),
	}, err
}

// deleteConnection deletes a connection. Destinations that had it are inactive
// then.
func (s *Service) deleteConnection(ctx context.Context, caller wire.Caller, in *sdk.DeleteConnectionInput) (*sdk.DeleteConnectionOutput, error) {
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	var c state.EventConnection
	err := s.update(ctx, func(w store.Writer) error {
		var ok bool
		if c, ok = store.EventConnections.Get(w, caller.Scope.Key(*in.Name)); !ok {
			return notFound("Connection '%s' does not exist.", *in.Name)
		}
		store.EventConnections.Delete(w, caller.Scope.Key(c.Name))
		return nil
	})
	return &sdk.DeleteConnectionOutput{
		ConnectionArn: &c.ARN, ConnectionState: types.ConnectionStateDeleting, CreationTime: moment(c.CreatedAt), LastModifiedTime: moment(c.ModifiedAt), LastAuthorizedTime: moment(c.LastAuthorized()),
	}, err
}

func (s *Service) describeConnection(ctx context.Context, caller wire.Caller, in *sdk.DescribeConnectionInput) (*sdk.DescribeConnectionOutput, error) {
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	var out *sdk.DescribeConnectionOutput
	return out, s.view(ctx, func(r store.Reader) error {
		c, ok := store.EventConnections.Get(r, caller.Scope.Key(*in.Name))
		if !ok {
			return notFound("Failed to describe the connection(s). Connection '%s' does not exist.", *in.Name)
		}
		out = &sdk.DescribeConnectionOutput{
			Name: &c.Name, ConnectionArn: &c.ARN, Description: optional(c.Description), AuthorizationType: c.Type, AuthParameters: c.Shown, ConnectionState: connectionState(c), StateReason: stateReason(c),
			CreationTime: moment(c.CreatedAt), LastModifiedTime: moment(c.ModifiedAt), LastAuthorizedTime: moment(c.LastAuthorized()),
		}
		return nil
	})
}

func (s *Service) listConnections(ctx context.Context, caller wire.Caller, in *sdk.ListConnectionsInput) (*sdk.ListConnectionsOutput, error) {
	if err := checkEnum(in.ConnectionState, "connectionState", in.ConnectionState.Values()); err != nil {
		return nil, err
	}
	var all []types.Connection
	err := s.view(ctx, func(r store.Reader) error {
		all = nil
		for _, c := range store.EventConnections.List(r, caller.Scope, aws.ToString(in.NamePrefix)) {
			if in.ConnectionState == "" || in.ConnectionState == connectionState(c) {
				all = append(all, types.Connection{
					Name: &c.Name, ConnectionArn: &c.ARN, AuthorizationType: c.Type, ConnectionState: connectionState(c), StateReason: stateReason(c),
					CreationTime: moment(c.CreatedAt), LastModifiedTime: moment(c.ModifiedAt), LastAuthorizedTime: moment(c.LastAuthorized()),
				})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := page("connections", all, func(c types.Connection) string { return *c.Name }, in.NextToken, in.Limit)
	return &sdk.ListConnectionsOutput{Connections: append([]types.Connection{}, list...), NextToken: next}, err
}
