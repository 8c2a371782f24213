package app

import (
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
)

// What was to be sent to an API destination need not be JSON; its letter is.
func TestLettersOfRequests(t *testing.T) {
	for input, want := range map[string]string{
		`{"id": 7}`: `"event":{"id":7}`, "order 7 is\nlate": `"event":"order 7 is\nlate"`, "": `"event":""`,
	} {
		text, err := letterOf(state.Delivery{Cause: "arn", Requests: 3, Request: &state.Request{Letter: input}}, "answered with status 503")
		if err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(text), `"attempts":3,"cause":"arn"`) {
			t.Errorf("%q: %s, %v, want %s", input, text, err, want)
		}
	}
}
