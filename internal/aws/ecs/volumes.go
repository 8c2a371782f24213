package ecs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
)

// checkVolumes refuses a definition of which a volume cannot be had here, by
// name. It may be registered all the same: a definition is for more than one
// machine.
func (s *Service) checkVolumes(def types.TaskDefinition) error {
	for _, v := range def.Volumes {
		volume, ok := state.EFS(v)
		if !ok {
			continue
		}
		if s.cfg.EFS == nil {
			return invalid("The volume '%s' is an EFS file system, and none has a folder here.", aws.ToString(v.Name))
		}
		if err := s.cfg.EFS(volume); err != nil {
			return invalid("The volume '%s' cannot be mounted: %s", aws.ToString(v.Name), err)
		}
	}
	return nil
}
