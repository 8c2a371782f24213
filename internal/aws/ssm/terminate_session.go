package ssm

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/hatoba/hatoba/internal/wire"
)

// terminateSession ends a session. One that has ended already is no error.
//
// Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_TerminateSession.html
func (s *Service) terminateSession(_ context.Context, caller wire.Caller, in *sdk.TerminateSessionInput) (*sdk.TerminateSessionOutput, error) {
	id, err := sessionID(in.SessionId)
	if err != nil {
		return nil, err
	}
	if s.sessions != nil {
		s.sessions.Terminate(caller.Scope, id)
	}
	return &sdk.TerminateSessionOutput{SessionId: aws.String(id)}, nil
}
