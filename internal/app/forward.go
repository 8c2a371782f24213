package app

import (
	"fmt"
	"net/http"

	"github.com/hatoba/hatoba/internal/forward"
)

// openForward puts the forwarding of what is not served before the APIs.
func (a *App) openForward() error {
	if len(a.cfg.Forward) == 0 {
		return nil
	}
	apis, ok := a.handler.(interface{ Serves(name string) bool })
	if !ok {
		return fmt.Errorf("the APIs do not tell what they serve")
	}
	rules, err := forward.Parse(a.cfg.Forward, func(service string) bool { return service == "s3" || apis.Serves(service) })
	if err != nil {
		return fmt.Errorf("setting forward: %w", err)
	}
	a.handler = forward.New(forward.Config{
		Rules: rules, Verifier: a.verifier(), Region: a.cfg.Region, Next: a.handler, Log: a.log, Transport: http.DefaultTransport,
	})
	return nil
}
