package wire_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// AWS says these to clients that skip their own checks; tools match them.
func TestRulesAreInAWSWords(t *testing.T) {
	for got, want := range map[string]string{
		wire.OneOf(types.StateValue("").Values()): "Member must satisfy enum value set: [OK, ALARM, INSUFFICIENT_DATA]",
		wire.ValueWithin(0, 1, 100):               "Member must have value greater than or equal to 1",
		wire.ValueWithin(101, 1, 100):             "Member must have value less than or equal to 100",
		wire.LengthWithin(0, 1, 10):               "Member must have length greater than or equal to 1",
		wire.LengthWithin(11, 1, 10):              "Member must have length less than or equal to 10",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
