// Package credentials serves a task the credentials of its role, as the ECS
// agent does on AWS_CONTAINER_CREDENTIALS_RELATIVE_URI. They are kept in
// memory and renewed before they end.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
package credentials

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
)

// Path is where the credentials with an id are served.
func Path(id string) string { return "/v2/credentials/" + id }

// renewBefore is how long credentials must hold to be given out again. SDKs
// ask for new ones in the last quarter of an hour, and must then get some.
const renewBefore = 30 * time.Minute

// fetchTime bounds the wait for new ones.
const fetchTime = 10 * time.Second

// Server answers with one task's credentials under one id, that only the
// task's containers were told.
type Server struct {
	ID    string // "" when the task has no role: then nothing is found
	Fetch func(ctx context.Context) (protocol.Credentials, error)
	Now   func() time.Time // nil: time.Now

	mu   sync.Mutex
	held protocol.Credentials
}

// answer is what SDKs read.
type answer struct {
	RoleArn         string //nolint:revive // AWS's spelling
	AccessKeyId     string //nolint:revive // AWS's spelling
	SecretAccessKey string
	Token           string
	Expiration      string
}

// refusal is the ECS agent's error shape.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"HTTPErrorCode"`
}

// ServeHTTP answers GET /v2/credentials/ID.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	switch {
	case id == "":
		write(w, http.StatusBadRequest, refusal{"NoIdInRequest", "CredentialsV2Request: No Credential ID in the request", 400})
		return
	case s.ID == "" || subtle.ConstantTimeCompare([]byte(id), []byte(s.ID)) == 0:
		write(w, http.StatusBadRequest, refusal{"InvalidIdInRequest", "CredentialsV2Request: Credentials not found", 400})
		return
	}
	c, err := s.current(r.Context())
	if err != nil {
		write(w, http.StatusServiceUnavailable, refusal{"CredentialsUninitialized", "CredentialsV2Request: Credentials uninitialized for ID", 503})
		return
	}
	write(w, http.StatusOK, answer{
		RoleArn: c.RoleARN, AccessKeyId: c.AccessKey, SecretAccessKey: c.Secret, Token: c.Token,
		Expiration: c.Expires.UTC().Format(time.RFC3339),
	})
}

// current gives what is held, or new ones when those end soon. Ones that still
// hold are better than none.
func (s *Server) current(ctx context.Context) (protocol.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.Now != nil {
		now = s.Now()
	}
	if s.held.Expires.Sub(now) > renewBefore {
		return s.held, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	c, err := s.Fetch(ctx)
	if err != nil {
		if s.held.Expires.After(now) {
			return s.held, nil
		}
		return c, err
	}
	s.held = c
	return c, nil
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the asker is gone: nobody to tell
}
