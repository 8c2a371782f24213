package cloudwatch

import "github.com/hatoba/hatoba/internal/wire"

// alarmOperations are those on alarms.
func (s *Service) alarmOperations() []wire.Operation { return nil }
