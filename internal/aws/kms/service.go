// Package kms is the front door of AWS KMS: symmetric keys, their aliases,
// policies, tags and rotation, and what they encrypt. Keys' material is sealed
// by the keyring; Secrets Manager, Parameter Store and S3 encrypt under them.
//
// Asymmetric and HMAC keys, imported material, key stores, multi-Region keys
// and grants are refused by name. What a key's policy lets tasks do is for
// internal/authorization.
// Source: https://docs.aws.amazon.com/kms/latest/APIReference/
package kms

import (
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store   store.Store
	Keyring *secrets.Keyring
	Now     func() time.Time // nil: time.Now
}

// Service serves KMS. Its methods may be called concurrently.
type Service struct {
	store store.Store
	ring  kmskey.Ring
	now   func() time.Time
}

// New returns a Service.
func New(cfg Config) *Service {
	s := &Service{store: cfg.Store, ring: kmskey.Ring{Keyring: cfg.Keyring}, now: cfg.Now}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Describe lists the operations for the wire.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name:         "kms",
		Title:        "AWS Key Management Service",
		Protocol:     wire.JSON11,
		TargetPrefix: "TrentService",
		Client:       (*sdk.Client)(nil),
		Naming:       wire.Naming{},
		Operations: []wire.Operation{
			wire.Op("CancelKeyDeletion", s.cancelKeyDeletion),
			wire.Op("CreateAlias", s.createAlias),
			wire.Op("CreateKey", s.createKey),
			wire.Op("Decrypt", s.decrypt),
			wire.Op("DeleteAlias", s.deleteAlias),
			wire.Op("DescribeKey", s.describeKey),
			wire.Op("DisableKey", s.disableKey),
			wire.Op("DisableKeyRotation", s.disableKeyRotation),
			wire.Op("EnableKey", s.enableKey),
			wire.Op("EnableKeyRotation", s.enableKeyRotation),
			wire.Op("Encrypt", s.encrypt),
			wire.Op("GenerateDataKey", s.generateDataKey),
			wire.Op("GenerateDataKeyWithoutPlaintext", s.generateDataKeyWithoutPlaintext),
			wire.Op("GenerateRandom", s.generateRandom),
			wire.Op("GetKeyPolicy", s.getKeyPolicy),
			wire.Op("GetKeyRotationStatus", s.getKeyRotationStatus),
			wire.Op("ListAliases", s.listAliases),
			wire.Op("ListKeyPolicies", s.listKeyPolicies),
			wire.Op("ListKeyRotations", s.listKeyRotations),
			wire.Op("ListKeys", s.listKeys),
			wire.Op("ListResourceTags", s.listResourceTags),
			wire.Op("PutKeyPolicy", s.putKeyPolicy),
			wire.Op("ReEncrypt", s.reEncrypt),
			wire.Op("RotateKeyOnDemand", s.rotateKeyOnDemand),
			wire.Op("ScheduleKeyDeletion", s.scheduleKeyDeletion),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.Op("UpdateAlias", s.updateAlias),
			wire.Op("UpdateKeyDescription", s.updateKeyDescription),
		},
	}
}
