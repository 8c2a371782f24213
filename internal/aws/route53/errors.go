package route53

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Quotas, which AWS would raise.
//
// Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
const (
	maxZones   = 500
	maxRecords = 10000 // of a zone
	maxChanges = 1000  // records of a batch; an UPSERT counts twice
	maxText    = 32000 // characters of their values
	maxVPCs    = 300   // of a zone
	maxTags    = 50
)

func invalid(format string, args ...any) error {
	return &types.InvalidInput{Message: aws.String(fmt.Sprintf(format, args...))}
}

// bare is an id without what stands before it.
func bare(id *string, prefix string) string {
	return strings.TrimPrefix(strings.TrimPrefix(aws.ToString(id), prefix), strings.TrimPrefix(prefix, "/"))
}

// find is a zone by its id.
func find(r store.Reader, scope state.Scope, id *string) (state.Key, state.HostedZone, error) {
	key := state.ZoneScope(scope.Account).Key(bare(id, "/hostedzone/"))
	z, ok := store.HostedZones.Get(r, key)
	if !ok {
		return key, z, &types.NoSuchHostedZone{Message: aws.String("No hosted zone found with ID: " + key.ID)}
	}
	return key, z, nil
}

// owned finds a zone that may be changed: that of a namespace may not.
func owned(r store.Reader, scope state.Scope, id *string) (state.Key, state.HostedZone, error) {
	key, z, err := find(r, scope, id)
	if err == nil && z.Namespace != "" {
		err = &wire.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: "The resource hostedzone/" + z.ID + " can only be managed through servicediscovery.amazonaws.com (" +
			state.Scope{Account: scope.Account, Region: z.Region}.ARN("servicediscovery", "namespace/"+z.Namespace) + ")"}
	}
	return key, z, err
}

// page is how many items an answer has: at most most, which is how many it has
// when nothing is said.
func page(asked *int32, most int) (int, error) {
	if asked == nil {
		return most, nil
	}
	if *asked < 1 {
		return 0, invalid("The value of maxitems must be at least 1.")
	}
	return min(int(*asked), most), nil
}
