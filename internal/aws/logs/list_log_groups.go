package cloudwatchlogs

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// listLogGroups lists groups briefly.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListLogGroups.html
func (s *Service) listLogGroups(ctx context.Context, caller wire.Caller, in *sdk.ListLogGroupsInput) (*sdk.ListLogGroupsOutput, error) {
	matches, err := checkListLogGroups(in)
	if err != nil {
		return nil, err
	}
	after, err := wire.ReadPageToken("ListLogGroups", aws.ToString(in.NextToken))
	if err != nil {
		return nil, invalid("The specified nextToken is invalid.")
	}
	out := &sdk.ListLogGroupsOutput{LogGroups: []types.LogGroupSummary{}}
	most := limit(in.Limit, defaultGroups)
	s.engine.ListGroups(ctx, caller.Scope, "", after, func(g logs.Group) bool {
		switch {
		case !matches(g.Name), in.LogGroupClass != "" && string(in.LogGroupClass) != g.Class:
			return true
		case len(out.LogGroups) == most:
			out.NextToken = aws.String(wire.PageToken("ListLogGroups", aws.ToString(out.LogGroups[most-1].LogGroupName)))
			return false
		}
		out.LogGroups = append(out.LogGroups, types.LogGroupSummary{
			LogGroupArn: aws.String(groupARN(caller.Scope, g.Name)), LogGroupName: aws.String(g.Name),
			LogGroupClass: types.LogGroupClass(g.Class),
		})
		return true
	})
	return out, nil
}

// checkListLogGroups returns the test for names.
func checkListLogGroups(in *sdk.ListLogGroupsInput) (func(name string) bool, error) {
	var f faults
	f.between(in.Limit, "limit", 1, 1000)
	enum(&f, in.LogGroupClass, "logGroupClass", in.LogGroupClass.Values())
	if in.LogGroupNamePattern != nil && f.length(in.LogGroupNamePattern, "logGroupNamePattern", 3, 129) {
		f.pattern(*in.LogGroupNamePattern, "logGroupNamePattern", `(\^?[\.\-_\/#A-Za-z0-9]{3,24})(\|\^?[\.\-_\/#A-Za-z0-9]{3,24}){0,4}`,
			func(r rune) bool { return isGroupCharacter(r) || r == '^' || r == '|' })
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	for member, set := range map[string]bool{
		"accountIdentifiers": len(in.AccountIdentifiers) > 0, "includeLinkedAccounts": aws.ToBool(in.IncludeLinkedAccounts),
		"dataSources": len(in.DataSources) > 0, "fieldIndexNames": len(in.FieldIndexNames) > 0, "logGroupTags": len(in.LogGroupTags) > 0,
	} {
		if set {
			return nil, invalid("Hatoba does not support %s of ListLogGroups yet. Leave it out.", member)
		}
	}
	if in.LogGroupNamePattern == nil {
		return func(string) bool { return true }, nil
	}
	// Of the permitted characters only the dot has another meaning than AWS's.
	re, err := regexp.Compile(strings.ReplaceAll(*in.LogGroupNamePattern, ".", `\.`))
	if err != nil {
		return nil, invalid("The logGroupNamePattern is invalid.")
	}
	return re.MatchString, nil
}
