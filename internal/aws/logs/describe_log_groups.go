package cloudwatchlogs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// defaultGroups is how many groups a page has that does not say.
const defaultGroups = 50

// describeLogGroups lists groups in order of their names.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
func (s *Service) describeLogGroups(ctx context.Context, caller wire.Caller, in *sdk.DescribeLogGroupsInput) (*sdk.DescribeLogGroupsOutput, error) {
	named, err := checkDescribeLogGroups(caller.Scope, in)
	if err != nil {
		return nil, err
	}
	after, err := wire.ReadPageToken("DescribeLogGroups", aws.ToString(in.NextToken))
	if err != nil {
		return nil, invalid("The specified nextToken is invalid.")
	}
	out := &sdk.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}}
	most := limit(in.Limit, defaultGroups)
	s.engine.ListGroups(ctx, caller.Scope, aws.ToString(in.LogGroupNamePrefix), after, func(g logs.Group) bool {
		switch {
		case !strings.Contains(g.Name, aws.ToString(in.LogGroupNamePattern)),
			in.LogGroupClass != "" && string(in.LogGroupClass) != g.Class,
			named != nil && !named[g.Name]:
			return true
		case len(out.LogGroups) == most:
			out.NextToken = aws.String(wire.PageToken("DescribeLogGroups", aws.ToString(out.LogGroups[most-1].LogGroupName)))
			return false
		}
		out.LogGroups = append(out.LogGroups, describe(caller.Scope, g, !empty(in.LogGroupNamePattern)))
		return true
	})
	return out, nil
}

// checkDescribeLogGroups returns the set of groups asked for by name, nil for
// all.
func checkDescribeLogGroups(scope state.Scope, in *sdk.DescribeLogGroupsInput) (map[string]bool, error) {
	var f faults
	f.between(in.Limit, "limit", 1, 50)
	enum(&f, in.LogGroupClass, "logGroupClass", in.LogGroupClass.Values())
	if in.LogGroupNamePrefix != nil {
		f.group(in.LogGroupNamePrefix, "logGroupNamePrefix")
	}
	if !empty(in.LogGroupNamePattern) {
		f.group(in.LogGroupNamePattern, "logGroupNamePattern")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	switch {
	case in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil:
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	case len(in.AccountIdentifiers) > 0 || aws.ToBool(in.IncludeLinkedAccounts):
		return nil, invalid("Hatoba does not support log groups of linked accounts. Leave out includeLinkedAccounts and accountIdentifiers.")
	case len(in.LogGroupIdentifiers) == 0:
		return nil, nil
	case in.LogGroupNamePrefix != nil || in.LogGroupNamePattern != nil || in.LogGroupClass != "":
		return nil, invalid("logGroupIdentifiers cannot be combined with other filters.")
	}
	named := map[string]bool{}
	for _, id := range in.LogGroupIdentifiers {
		name, err := groupOfIdentifier(scope, id, "logGroupIdentifiers")
		if err != nil {
			return nil, err
		}
		named[name] = true
	}
	return named, nil
}

// describe gives a group as AWS shows it: found by pattern, with its name,
// ARN and creation time alone.
func describe(scope state.Scope, g logs.Group, brief bool) types.LogGroup {
	arn := groupARN(scope, g.Name)
	out := types.LogGroup{
		Arn: aws.String(arn + ":*"), LogGroupArn: aws.String(arn),
		CreationTime: aws.Int64(g.Created), LogGroupName: aws.String(g.Name),
	}
	if brief {
		return out
	}
	out.LogGroupClass = types.LogGroupClass(g.Class)
	out.MetricFilterCount = aws.Int32(0)
	out.StoredBytes = aws.Int64(g.StoredBytes)
	out.DeletionProtectionEnabled = aws.Bool(g.DeletionProtection)
	if g.RetentionDays > 0 {
		out.RetentionInDays = aws.Int32(g.RetentionDays)
	}
	return out
}
