package notify

import "github.com/hatoba/hatoba/internal/state"

// takes tells whether a subscription's filter policy takes a message.
func takes(state.Subscription, Message) bool { return true }
