// Package ssm is the front door of AWS Systems Manager's Parameter Store, and of
// what the sessions of ECS Exec need of Session Manager. A
// parameter is one record of metadata and labels, and one record with a sealed
// value for each version. Values of every type are sealed: people keep secrets
// in plain Strings too.
//
// The rest of Systems Manager, parameter policies and the
// data types aws:ec2:image and aws:ssm:integration are not done and are
// refused by name.
// Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/
package ssm

import (
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store   store.Store
	Keyring *secrets.Keyring
	Now     func() time.Time // nil: time.Now
	// Sessions are those of ECS Exec; nil: there are none.
	Sessions Sessions
	// AuthorizeKey decides whether a caller may use a KMS key; nil: everybody may.
	AuthorizeKey wire.AuthorizeKey
}

// Sessions are sessions of ECS Exec; sessions.Manager is the real one.
type Sessions interface {
	// Resume gives a new token, "" when there is no such session any more.
	Resume(scope state.Scope, id string) (token string)
	// Terminate ends a session; false: there is none.
	Terminate(scope state.Scope, id string) bool
}

// Service serves Parameter Store. Its methods may be called concurrently.
type Service struct {
	store    store.Store
	keyring  *secrets.Keyring
	now      func() time.Time
	sessions Sessions
	keyUse   wire.AuthorizeKey
}

// New returns a Service.
func New(cfg Config) *Service {
	s := &Service{store: cfg.Store, keyring: cfg.Keyring, now: cfg.Now, sessions: cfg.Sessions, keyUse: cfg.AuthorizeKey}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Describe lists the operations for the wire.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name:         "ssm",
		Title:        "AWS Systems Manager Parameter Store",
		Protocol:     wire.JSON11,
		TargetPrefix: "AmazonSSM",
		Client:       (*sdk.Client)(nil),
		Naming:       wire.Naming{Except: lowerNames()},
		Operations: []wire.Operation{
			wire.Op("AddTagsToResource", s.addTagsToResource),
			wire.Op("DeleteParameter", s.deleteParameter),
			wire.Op("DeleteParameters", s.deleteParameters),
			wire.Op("DescribeParameters", s.describeParameters),
			wire.Op("GetParameter", s.getParameter),
			wire.Op("GetParameterHistory", s.getParameterHistory),
			wire.Op("GetParameters", s.getParameters),
			wire.Op("GetParametersByPath", s.getParametersByPath),
			wire.Op("LabelParameterVersion", s.labelParameterVersion),
			wire.Op("ListTagsForResource", s.listTagsForResource),
			wire.Op("PutParameter", s.putParameter),
			wire.Op("RemoveTagsFromResource", s.removeTagsFromResource),
			wire.Op("UnlabelParameterVersion", s.unlabelParameterVersion),

			wire.Op("ResumeSession", s.resumeSession),
			wire.Op("TerminateSession", s.terminateSession),
		},
	}
}

// lowerNames are the members that SSM spells with a small first letter, all of
// operations that are not done yet.
func lowerNames() map[string]string {
	out := map[string]string{}
	for _, t := range []string{"AssociationFilter", "CommandFilter", "DocumentFilter", "SessionFilter"} {
		out[t+".Key"], out[t+".Value"] = "key", "value"
	}
	for _, t := range []string{"InstanceInformationFilter", "InstancePropertyFilter"} {
		out[t+".Key"], out[t+".ValueSet"] = "key", "valueSet"
	}
	return out
}
