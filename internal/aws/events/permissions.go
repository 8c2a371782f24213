package events

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

var (
	accountForm   = regexp.MustCompile(`^(\d{12}|\*)$`)
	statementForm = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
)

// maxPolicy is the longest policy of a bus in bytes.
const maxPolicy = 10240

// statements is a policy as PutPermission writes it.
type statements struct {
	Version   string            `json:"Version"`
	Statement []json.RawMessage `json:"Statement"`
}

func sid(statement json.RawMessage) string {
	var s struct{ Sid string }
	_ = json.Unmarshal(statement, &s) // it is of a policy that was read
	return s.Sid
}

// putPermission lets other accounts put events on a bus: a statement of its
// own, or the whole policy.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
func (s *Service) putPermission(ctx context.Context, caller wire.Caller, in *sdk.PutPermissionInput) (*sdk.PutPermissionOutput, error) {
	name, err := busName(caller.Scope, in.EventBusName)
	if err != nil {
		return nil, err
	}
	var statement json.RawMessage
	if in.Policy == nil {
		if statement, err = newStatement(caller.Scope, name, in.Action, in.Principal, in.StatementId, in.Condition); err != nil {
			return nil, err
		}
	} else if in.Action != nil || in.Principal != nil || in.StatementId != nil || in.Condition != nil {
		return nil, invalid("Policy cannot be given together with Action, Principal, StatementId or Condition.")
	}
	_, err = s.changeBus(ctx, caller.Scope, name, func(bus *state.EventBus) error {
		text := aws.ToString(in.Policy)
		if in.Policy == nil {
			all := statements{Version: "2012-10-17"}
			if bus.Policy != "" {
				if err := json.Unmarshal([]byte(bus.Policy), &all); err != nil {
					return err
				}
			}
			all.Statement = slices.DeleteFunc(all.Statement, func(m json.RawMessage) bool { return sid(m) == *in.StatementId })
			all.Statement = append(all.Statement, statement)
			b, err := json.Marshal(all)
			if err != nil {
				return err
			}
			text = string(b)
		}
		if len(text) > maxPolicy {
			return &types.PolicyLengthExceededException{Message: aws.String("The event bus policy exceeds the maximum size of 10240 bytes.")}
		}
		if _, err := policy.Parse(text, policy.OfResource); err != nil {
			return invalid("Invalid policy: %v", err)
		}
		bus.Policy = text
		return nil
	})
	return &sdk.PutPermissionOutput{}, err
}

func newStatement(scope state.Scope, bus string, action, principal, id *string, condition *types.Condition) (json.RawMessage, error) {
	switch {
	case aws.ToString(action) != "events:PutEvents":
		return nil, invalid("Provided value in parameter 'action' is not supported.")
	case !accountForm.MatchString(aws.ToString(principal)):
		return nil, constraint(aws.ToString(principal), "principal", `Member must satisfy regular expression pattern: (\d{12}|\*)`)
	}
	if err := checkName(id, "statementId", 64, statementForm); err != nil {
		return nil, err
	}
	var who any = map[string]string{"AWS": "arn:aws:iam::" + *principal + ":root"}
	if *principal == "*" {
		who = "*"
	}
	out := map[string]any{"Sid": *id, "Effect": "Allow", "Principal": who, "Action": *action, "Resource": busARN(scope, bus)}
	if c := condition; c != nil {
		if aws.ToString(c.Type) != "StringEquals" || aws.ToString(c.Key) != "aws:PrincipalOrgID" {
			return nil, invalid("Condition must be StringEquals of aws:PrincipalOrgID.")
		}
		return nil, unsupported("Condition with aws:PrincipalOrgID " + aws.ToString(c.Value) + ": there are no organizations")
	}
	return json.Marshal(out)
}

func (s *Service) removePermission(ctx context.Context, caller wire.Caller, in *sdk.RemovePermissionInput) (*sdk.RemovePermissionOutput, error) {
	name, err := busName(caller.Scope, in.EventBusName)
	if err != nil {
		return nil, err
	}
	if in.StatementId == nil && !in.RemoveAllPermissions {
		return nil, invalid("Parameter StatementId is required unless RemoveAllPermissions is given.")
	}
	_, err = s.changeBus(ctx, caller.Scope, name, func(bus *state.EventBus) error {
		if in.RemoveAllPermissions {
			bus.Policy = ""
			return nil
		}
		var all statements
		if bus.Policy != "" {
			if err := json.Unmarshal([]byte(bus.Policy), &all); err != nil {
				return err
			}
		}
		left := slices.DeleteFunc(slices.Clone(all.Statement), func(m json.RawMessage) bool { return sid(m) == *in.StatementId })
		if len(left) == len(all.Statement) {
			return notFound("Statement with the provided id does not exist.")
		}
		bus.Policy = ""
		if all.Statement = left; len(left) > 0 {
			b, err := json.Marshal(all)
			bus.Policy = string(b)
			return err
		}
		return nil
	})
	return &sdk.RemovePermissionOutput{}, err
}
