// Package sts is the front door of the AWS Security Token Service.
package sts

import (
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/internal/wire"
)

// Service answers who a caller is. It keeps nothing: the wire has read the
// account from the request.
type Service struct{}

// New returns the service.
func New() *Service { return &Service{} }

// Describe tells the wire what is served. Sessions and roles are not:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
// lists what is refused by name.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name:       "sts",
		Title:      "AWS Security Token Service",
		Protocol:   wire.Query,
		APIVersion: "2011-06-15",
		Namespace:  "https://sts.amazonaws.com/doc/2011-06-15/",
		Naming:     wire.STSNaming,
		Client:     (*sts.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("GetCallerIdentity", s.getCallerIdentity),
		},
	}
}
