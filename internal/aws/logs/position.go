package cloudwatchlogs

import (
	"fmt"
	"strings"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// The directions of a token.
const (
	forward  = "f/"
	backward = "b/"
)

// positionToken makes a token for going on at p in a direction.
func positionToken(kind, direction string, p logs.Position) *string {
	return new(direction + wire.PageToken(kind, fmt.Sprintf("%s%d/%d", direction, p.Time, p.Seq)))
}

// readPosition reads a token of positionToken.
func readPosition(kind, token string) (p *logs.Position, goBackward bool, err error) {
	direction := forward
	if strings.HasPrefix(token, backward) {
		direction = backward
	}
	p = new(logs.Position)
	value, err := wire.ReadPageToken(kind, strings.TrimPrefix(token, direction))
	if err == nil {
		_, err = fmt.Sscanf(value, direction+"%d/%d", &p.Time, &p.Seq)
	}
	if err != nil {
		return nil, false, invalid("The specified nextToken is invalid.")
	}
	return p, direction == backward, nil
}
