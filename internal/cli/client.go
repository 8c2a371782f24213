package cli

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/config"
)

// sdk is the configuration of SDK clients that talk to this Hatoba only: no
// profile, no environment.
func sdk(c config.Config) aws.Config {
	out := aws.Config{
		Region:       c.Region,
		BaseEndpoint: aws.String(endpoint(c)),
		Credentials:  aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys(c) }),
	}
	if c.TLS {
		if h, err := client(c); err == nil { // an authority that cannot be read is told by the handshake
			out.HTTPClient = h
		}
	}
	return out
}

// explain adds what to do to an error that means that nobody listens.
func explain(c config.Config, err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("no Hatoba answers at %s: start one with `hatoba up`, or name its address with --listen", endpoint(c))
	}
	return err
}
