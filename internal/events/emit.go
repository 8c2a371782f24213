// Package events tells event buses what happened. An event is written in the
// transaction that makes it true, so that it is neither told when that fails
// nor forgotten when Hatoba ends; control/event hands it on.
package events

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Default is the bus that AWS's own services tell.
const Default = "default"

// Emit hands an event to a bus. Where no rule or archive of the bus would hear
// it nobody is told, and it costs nothing. e.ID must be unique.
func Emit(w store.Writer, scope state.Scope, bus string, e state.Envelope) error {
	if !IsHeard(w, scope, bus, e.Source, e.DetailType) {
		return nil
	}
	return Put(w, scope, state.Event{Bus: bus, Envelope: e, TakenAt: time.Now().UTC()})
}

// Put writes an event that a bus has taken.
func Put(w store.Writer, scope state.Scope, e state.Event) error {
	return store.Events.Put(w, scope.Key(e.Bus+"/"+e.Envelope.Time+"/"+e.Envelope.ID), e)
}

// IsHeard tells whether an event of this kind could have somebody to go to.
// What costs more than asking is made only then.
func IsHeard(r store.Reader, scope state.Scope, bus, source, detailType string) bool {
	for _, rule := range store.EventRules.List(r, scope, bus+"/") {
		if rule.State != types.RuleStateDisabled && rule.Pattern != "" && hears(rule.Heard, source, detailType) {
			return true
		}
	}
	for _, a := range store.EventArchives.List(r, scope, "") {
		if a.Bus == bus && hears(a.Heard, source, detailType) {
			return true
		}
	}
	return false
}

func hears(h state.Heard, source, detailType string) bool {
	return (h.Sources == nil || slices.Contains(h.Sources, source)) && (h.DetailTypes == nil || slices.Contains(h.DetailTypes, detailType))
}

// ID is the id of an event that is about the named things: the same for the
// same ones.
func ID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// envelope is what all events of AWS's services have.
func envelope(scope state.Scope, id, source, detailType string, now time.Time, resources []string, detail []byte) state.Envelope {
	return state.Envelope{
		Version: "0", ID: id, DetailType: detailType, Source: source, Account: scope.Account, Region: scope.Region,
		Time: now.UTC().Format(time.RFC3339), Resources: resources, Detail: detail,
	}
}
