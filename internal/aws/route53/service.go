// Package route53 is the front door of Amazon Route 53: hosted zones and their
// records, which tasks resolve. Public zones are seen by all tasks and, where it
// is asked for, by this machine; nobody delegates to them. The zones of Cloud
// Map's namespaces are shown with the records of their instances.
//
// Changes are INSYNC when they are answered. Health checks, and the policies
// that need to know where questions come from, are refused by name.
//
// Source: https://docs.aws.amazon.com/Route53/latest/APIReference/Welcome.html
package route53

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// table is made by test/bindings from botocore's model.
//
//go:embed bindings.json
var table []byte

// Config is what a Service works with.
type Config struct {
	Store store.Store
	NewID func() string // 32 hexadecimal digits
	// Open makes what an account begins with in a region; nil: nothing.
	Open func(context.Context, state.Scope) error
	Now  func() time.Time // nil: time.Now
}

// Service answers Route 53 requests. It may be used concurrently.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Open == nil {
		cfg.Open = func(context.Context, state.Scope) error { return nil }
	}
	return &Service{cfg: cfg}
}

// now is the time as Route 53 tells it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}

// Describe tells wire what is served. What is not listed is refused by name.
func (s *Service) Describe() wire.Service {
	bindings, err := wire.ParseBindings(table)
	if err != nil {
		panic(err) // it is part of the program
	}
	return wire.Service{
		Name: "route53", Title: "Amazon Route 53", Protocol: wire.RestXML, Bindings: bindings, Client: (*route53.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("CreateHostedZone", s.createHostedZone),
			wire.Op("GetHostedZone", s.getHostedZone),
			wire.Op("GetHostedZoneCount", s.getHostedZoneCount),
			wire.Op("UpdateHostedZoneComment", s.updateHostedZoneComment),
			wire.Op("DeleteHostedZone", s.deleteHostedZone),
			wire.Op("ListHostedZones", s.listHostedZones),
			wire.Op("ListHostedZonesByName", s.listHostedZonesByName),
			wire.Op("ListHostedZonesByVPC", s.listHostedZonesByVPC),
			wire.Op("AssociateVPCWithHostedZone", s.associateVPC),
			wire.Op("DisassociateVPCFromHostedZone", s.disassociateVPC),
			wire.Op("ChangeResourceRecordSets", s.changeResourceRecordSets),
			wire.Op("ListResourceRecordSets", s.listResourceRecordSets),
			wire.Op("GetChange", s.getChange),
			wire.Op("GetDNSSEC", s.getDNSSEC),
			wire.Op("ChangeTagsForResource", s.changeTags),
			wire.Op("ListTagsForResource", s.listTags),
			wire.Op("ListTagsForResources", s.listTagsOfSeveral),
		},
	}
}

// kept is how long a change is told of; swept how many that are not any more
// one write removes.
const (
	kept  = 24 * time.Hour
	swept = 4
)

// newChange is a change's id: it begins with the time, in base 36.
func (s *Service) newChange() string {
	return "C" + strings.ToUpper(fmt.Sprintf("%09s", strconv.FormatInt(s.now().UnixMilli(), 36))+s.cfg.NewID()[:10])
}

// changed notes a change, which is in sync, and forgets old ones.
func (s *Service) changed(w store.Writer, scope state.Scope, id string, comment *string) (*types.ChangeInfo, error) {
	zones, now := state.ZoneScope(scope.Account), s.now()
	var gone []state.Key
	for key, old := range store.ZoneChanges.List(w, zones, "") {
		if len(gone) == swept || now.Sub(old.At) < kept {
			break
		}
		gone = append(gone, key)
	}
	for _, key := range gone {
		store.ZoneChanges.Delete(w, key)
	}
	c := state.ZoneChange{ID: id, At: now}
	if comment != nil {
		c.Comment = *comment
	}
	return changeInfo(c), store.ZoneChanges.Put(w, zones.Key(id), c)
}

func changeInfo(c state.ZoneChange) *types.ChangeInfo {
	id := "/change/" + c.ID
	return &types.ChangeInfo{Id: &id, Status: types.ChangeStatusInsync, SubmittedAt: &c.At, Comment: said(c.Comment)}
}

// said is a text, nil when it is empty.
func said(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html
func (s *Service) getChange(ctx context.Context, caller wire.Caller, in *route53.GetChangeInput) (*route53.GetChangeOutput, error) {
	id := bare(in.Id, "/change/")
	out := &route53.GetChangeOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		c, ok := store.ZoneChanges.Get(r, state.ZoneScope(caller.Scope.Account).Key(id))
		if !ok {
			message := "A change with id " + id + " does not exist."
			return &types.NoSuchChange{Message: &message}
		}
		out.ChangeInfo = changeInfo(c)
		return nil
	})
}
