package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxSettingPage = 10

// listAccountSettings lists what a principal has set, or what holds for it.
func (s *Service) listAccountSettings(ctx context.Context, caller wire.Caller, in *ecs.ListAccountSettingsInput) (*ecs.ListAccountSettingsOutput, error) {
	const kind = "ecs/account-settings"
	limit := &in.MaxResults
	if in.MaxResults == 0 {
		limit = nil
	}
	size, after, err := page(kind, limit, in.NextToken, maxSettingPage)
	if err != nil {
		return nil, err
	}
	if in.Name != "" {
		if _, err := settingNamed(in.Name); err != nil {
			return nil, err
		}
	}
	if in.Name == "" && aws.ToString(in.Value) != "" {
		return nil, invalid("You must specify a setting name to filter by value.")
	}
	who, err := principal(caller, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	out := &ecs.ListAccountSettingsOutput{Settings: []types.Setting{}}
	err = s.view(ctx, func(r store.Reader) error {
		for _, a := range accountSettings() {
			value, own := effective(r, caller.Scope, who, a)
			if string(a.name) <= after || in.Name != "" && a.name != in.Name || !own && !in.EffectiveSettings ||
				aws.ToString(in.Value) != "" && *in.Value != value {
				continue
			}
			if len(out.Settings) == size {
				out.NextToken = nextToken(kind, string(out.Settings[size-1].Name), true)
				break
			}
			out.Settings = append(out.Settings, settingShape(a, value, who))
		}
		return nil
	})
	return out, err
}
