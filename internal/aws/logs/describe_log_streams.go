package cloudwatchlogs

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// describeLogStreams lists a group's streams by name or by last event.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
func (s *Service) describeLogStreams(ctx context.Context, caller wire.Caller, in *sdk.DescribeLogStreamsInput) (*sdk.DescribeLogStreamsOutput, error) {
	name, err := group(caller.Scope, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	var f faults
	f.between(in.Limit, "limit", 1, 50)
	enum(&f, in.OrderBy, "orderBy", in.OrderBy.Values())
	if in.LogStreamNamePrefix != nil {
		f.stream(in.LogStreamNamePrefix, "logStreamNamePrefix")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	q := logs.StreamQuery{
		Prefix: aws.ToString(in.LogStreamNamePrefix), ByLastEvent: in.OrderBy == types.OrderByLastEventTime,
		Descending: aws.ToBool(in.Descending), Limit: limit(in.Limit, 50),
	}
	if q.ByLastEvent && q.Prefix != "" {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	// A token holds for the order it was made in.
	kind := fmt.Sprintf("DescribeLogStreams/%s/%v/%v", name, q.ByLastEvent, q.Descending)
	if q.After, err = readStreamToken(kind, in.NextToken); err != nil {
		return nil, err
	}
	streams, more, err := s.engine.ListStreams(ctx, caller.Scope, name, q)
	if err != nil {
		return nil, answer(err)
	}
	out := &sdk.DescribeLogStreamsOutput{LogStreams: make([]types.LogStream, len(streams))}
	for i, st := range streams {
		out.LogStreams[i] = describeStream(groupARN(caller.Scope, name), st)
	}
	if more {
		last := streams[len(streams)-1]
		out.NextToken = aws.String(wire.PageToken(kind, fmt.Sprintf("%d:%s", last.LastEvent, last.Name)))
	}
	return out, nil
}

func readStreamToken(kind string, token *string) (*logs.Stream, error) {
	value, err := wire.ReadPageToken(kind, aws.ToString(token))
	if err == nil && value == "" {
		return nil, nil
	}
	last, name, ok := strings.Cut(value, ":")
	at, nerr := strconv.ParseInt(last, 10, 64)
	if err != nil || !ok || nerr != nil {
		return nil, invalid("The specified nextToken is invalid.")
	}
	return &logs.Stream{Name: name, LastEvent: at}, nil
}

// describeStream gives a stream as AWS shows it; storedBytes is always 0
// there since 2019.
func describeStream(group string, s logs.Stream) types.LogStream {
	out := types.LogStream{
		Arn: aws.String(group + ":log-stream:" + s.Name), CreationTime: aws.Int64(s.Created),
		LogStreamName: aws.String(s.Name), StoredBytes: aws.Int64(0),
		UploadSequenceToken: aws.String(sequenceToken),
	}
	if s.Events > 0 {
		out.FirstEventTimestamp = aws.Int64(s.FirstEvent)
		out.LastEventTimestamp = aws.Int64(s.LastEvent)
		out.LastIngestionTime = aws.Int64(s.LastIngestion)
	}
	return out
}
