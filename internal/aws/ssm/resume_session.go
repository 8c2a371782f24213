package ssm

import (
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/wire"
)

var sessionIDForm = regexp.MustCompile(`^[a-zA-Z0-9_.@=+-]{1,96}$`)

// resumeSession gives the client of a session that lost its connection a new
// token. A session that has ended has none; the plugin then says so and ends.
//
// Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ResumeSession.html
func (s *Service) resumeSession(_ context.Context, caller wire.Caller, in *sdk.ResumeSessionInput) (*sdk.ResumeSessionOutput, error) {
	id, err := sessionID(in.SessionId)
	if err != nil {
		return nil, err
	}
	out := &sdk.ResumeSessionOutput{SessionId: aws.String(id)}
	if s.sessions == nil {
		return out, nil
	}
	if token := s.sessions.Resume(caller.Scope, id); token != "" {
		out.TokenValue = aws.String(token)
	}
	return out, nil
}

func sessionID(given *string) (string, error) {
	id := aws.ToString(given)
	if !sessionIDForm.MatchString(id) {
		return "", &types.DoesNotExistException{Message: aws.String("Session " + id + " does not exist.")}
	}
	return id, nil
}
