package app

import (
	"context"
	"net/http"

	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// taskCredentials gives sessions of task roles, as dispatch wants them.
type taskCredentials struct{ directory *identity.Directory }

func (t taskCredentials) TaskCredentials(ctx context.Context, task state.Task, role string) (protocol.Credentials, error) {
	id, err := t.directory.Task(ctx, task, role)
	if err != nil {
		return protocol.Credentials{}, err
	}
	c, err := t.directory.Issue(id)
	if err != nil {
		return protocol.Credentials{}, err
	}
	return protocol.Credentials{RoleARN: role, AccessKey: c.AccessKey, Secret: c.Secret, Token: c.Token, Expires: c.Expires}, nil
}

// taskAPI is the AWS APIs as a task finds them: what it does not sign, or
// signs with a key that nobody knows, it does as itself.
type taskAPI struct {
	handler   http.Handler
	directory *identity.Directory
}

func (t taskAPI) of(task state.Task, definition state.TaskDefinition) http.Handler {
	role, _ := state.TaskRoles(task, definition)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := t.directory.Task(r.Context(), task, role)
		if err != nil {
			http.Error(w, "Hatoba cannot tell who calls", http.StatusServiceUnavailable)
			return
		}
		t.handler.ServeHTTP(w, r.WithContext(wire.WithGuest(r.Context(), id)))
	})
}

// serveAPI is what of the front tasks reach: the AWS APIs, S3 among them.
func (a *App) serveAPI(w http.ResponseWriter, r *http.Request) {
	if s3.Claims(r) || unclaimed(r) && a.s3.Knows(r) {
		steady(a.s3).ServeHTTP(w, r)
		return
	}
	a.handler.ServeHTTP(w, r)
}
