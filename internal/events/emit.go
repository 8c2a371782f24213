// Package events tells event buses what happened. An event is written in the
// transaction that makes it true, so that it is neither told when that fails
// nor forgotten when Hatoba ends; control/event hands it on.
package events

import (
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Default is the bus that AWS's own services tell.
const Default = "default"

// Emit hands an event to a bus. Where no rule of the bus is enabled nobody
// would be told, and it costs nothing. e.ID must be unique.
func Emit(w store.Writer, scope state.Scope, bus string, e state.Envelope) error {
	if !heard(w, scope, bus) {
		return nil
	}
	return store.Events.Put(w, scope.Key(bus+"/"+e.Time+"/"+e.ID), state.Event{Bus: bus, Envelope: e})
}

// heard tells whether an event of the bus could have somebody to go to.
func heard(r store.Reader, scope state.Scope, bus string) bool {
	for _, rule := range store.EventRules.List(r, scope, bus+"/") {
		if rule.State != types.RuleStateDisabled && rule.Pattern != "" {
			return true
		}
	}
	return false
}
