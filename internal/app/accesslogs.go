package app

import (
	"bytes"
	"context"
	"strings"

	"github.com/hatoba/hatoba/internal/accesslog"
	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// accessLogPlace is where a balancer's access log goes: what its attributes say.
func (a *App) accessLogPlace(ctx context.Context, arn string) (p accesslog.Place, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return p, false
	}
	scope := state.Scope{Region: parts[3], Account: parts[4]}
	err := a.store.View(ctx, func(r store.Reader) error {
		b, there := store.LoadBalancers.Get(r, scope.Key(state.LoadBalancerID(arn)))
		if !there || b.Attributes["access_logs.s3.enabled"] != "true" || len(b.Zones) == 0 {
			return nil
		}
		p = accesslog.Place{Bucket: b.Attributes["access_logs.s3.bucket"], Prefix: b.Attributes["access_logs.s3.prefix"], Account: scope.Account, Region: scope.Region, Address: b.Zones[0].Address}
		ok = true
		return nil
	})
	return p, ok && err == nil
}

// putAccessLog writes an object as the log delivery of AWS does: the bucket's
// owner has asked for it.
func (a *App) putAccessLog(ctx context.Context, p accesslog.Place, key string, body []byte) error {
	encryption := objects.Encryption{Algorithm: "AES256"}
	received, err := a.objects.Receive(ctx, encryption, bytes.NewReader(body))
	if err != nil {
		return err
	}
	_, err = a.objects.Put(objects.Object{Bucket: p.Bucket, Key: key, Head: objects.Head{ContentType: "application/octet-stream"}, Encryption: encryption}, received)
	return err
}
