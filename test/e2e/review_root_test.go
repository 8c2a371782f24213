package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// The review reads what runs through the same APIs that a real account has:
// what it can see it judges, what this endpoint does not serve is a gap.
func TestReviewOfWhatRuns(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	app := w.Container("app", "tick")
	app.Environment = []types.KeyValuePair{{Name: aws.String("API_KEY"), Value: aws.String("0f9a8b7c6d5e4f3a2b1c")}}
	w.Register("reviewed", nil, app)
	w.Until(w.Run("reviewed"), "RUNNING")
	out, err := w.CLI("review", "reviewed:1", "--endpoint", "http://"+w.Listen, "--color", "never", "--lang", "en", "-v")
	if err == nil || !strings.HasPrefix(out, "NOT READY") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"image      " + w.Listen + "/" + harness.Account, // the definition's own, from this registry
		"live       account " + harness.Account,
		"API_KEY in environment looks like a password", // of the definition as it was described
		"keeps its lines for ever",                     // of the log group
		"is not served by this endpoint (UnsupportedOperationException)",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "0f9a8b7c6d5e4f3a2b1c") {
		t.Error("the review shows a secret")
	}
	if strings.Contains(out, "the image could not be read") {
		t.Errorf("%s", out)
	}
	// What cannot be reached is not examined.
	if out, err := w.CLI("review", "nobody:1", "--endpoint", "http://"+w.Listen); err == nil || !strings.Contains(out, "nobody") {
		t.Errorf("%v\n%s", err, out)
	}
}
