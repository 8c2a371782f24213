package examine

import (
	"context"
	"fmt"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/read/live"
)

// Account says where what runs is read from. The zero value reads nothing
// unless the task definition is named and is no file.
type Account struct {
	Endpoint, Profile, Region string
	Cluster, Service          string
	ReadSecretValues          bool
}

// asked reports whether an account is to be read.
func (a Account) asked(taskdef string) bool {
	return a.Endpoint != "" || a.Profile != "" || a.Service != "" || a.Cluster != "" || taskdef != "" && !IsFile(taskdef)
}

// fromAccount reads what runs. Definitions given as files win: they are what is
// to go live, and what runs is compared with them.
func fromAccount(ctx context.Context, req Request, s *review.Subject, names map[review.Part]string) error {
	a := req.Account
	if !a.asked(req.TaskDef) {
		return nil
	}
	cfg, err := live.Config(ctx, a.Endpoint, a.Profile, a.Region)
	if err != nil {
		return err
	}
	target := live.Target{Cluster: a.Cluster, Service: a.Service}
	switch {
	case s.TaskDef.OK:
		target.Definition = s.TaskDef.Value
	case req.TaskDef != "":
		target.TaskDef = req.TaskDef
	}
	if target.Service == "" && target.TaskDef == "" && target.Definition == nil {
		return fmt.Errorf("an account is named, and nothing in it: add --service NAME or FAMILY[:REVISION]")
	}
	found, err := live.Read(ctx, cfg, target, live.Options{Print: s.Print, ReadSecretValues: a.ReadSecretValues})
	if err != nil {
		return err
	}
	if !s.TaskDef.OK && found.TaskDef != nil {
		s.TaskDef, names[review.PartTaskDef] = review.Have(found.TaskDef), found.TaskDef.File
	}
	if !s.Service.OK && found.Service != nil {
		s.Service, names[review.PartService] = review.Have(found.Service), found.Service.File
	}
	s.Live, names[review.PartLive] = review.Have(found.Live), fmt.Sprintf("account %s, region %s", found.Live.Account, found.Live.Region)
	return nil
}
