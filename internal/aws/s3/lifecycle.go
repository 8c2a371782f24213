package s3

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

// maxRules is how many rules a lifecycle may have, as in S3.
const maxRules = 1000

// lifecycleSet is a lifecycle as it was put.
type lifecycleSet struct {
	Rules       []types.LifecycleRule
	MinimumSize types.TransitionDefaultMinimumObjectSize
}

func (s *Service) getLifecycle(_ context.Context, r *request, in *sdk.GetBucketLifecycleConfigurationInput) (*sdk.GetBucketLifecycleConfigurationOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	var set lifecycleSet
	if err := document(b, lifecycleDocument, &set, errNoLifecycle); err != nil {
		return nil, err
	}
	return &sdk.GetBucketLifecycleConfigurationOutput{Rules: set.Rules, TransitionDefaultMinimumObjectSize: set.MinimumSize}, nil
}

func (s *Service) putLifecycle(_ context.Context, r *request, in *sdk.PutBucketLifecycleConfigurationInput) (*sdk.PutBucketLifecycleConfigurationOutput, error) {
	c := in.LifecycleConfiguration
	if c == nil || len(c.Rules) == 0 || len(c.Rules) > maxRules {
		return nil, errMalformedXML
	}
	set := lifecycleSet{Rules: c.Rules, MinimumSize: in.TransitionDefaultMinimumObjectSize}
	if set.MinimumSize == "" {
		set.MinimumSize = types.TransitionDefaultMinimumObjectSizeAllStorageClasses128k
	}
	rules := make([]objects.Rule, len(c.Rules))
	seen := map[string]bool{}
	for i := range set.Rules {
		if aws.ToString(set.Rules[i].ID) == "" {
			set.Rules[i].ID = aws.String(newRuleID())
		}
		id := *set.Rules[i].ID
		if len(id) > 255 {
			return nil, invalidArgument("ID length should not exceed allowed limit of 255")
		}
		if seen[id] {
			return nil, invalidArgument("Rule ID must be unique. Found same ID for more than one rule")
		}
		seen[id] = true
		var err error
		if rules[i], err = readRule(set.Rules[i]); err != nil {
			return nil, err
		}
	}
	err := s.change(r, in.ExpectedBucketOwner, func(b *objects.Bucket) error {
		b.Rules = rules
		return setDocument(b, lifecycleDocument, set)
	})
	return &sdk.PutBucketLifecycleConfigurationOutput{TransitionDefaultMinimumObjectSize: set.MinimumSize}, err
}

func (s *Service) deleteLifecycle(_ context.Context, r *request, in *sdk.DeleteBucketLifecycleInput) (*sdk.DeleteBucketLifecycleOutput, error) {
	return nil, s.change(r, in.ExpectedBucketOwner, func(b *objects.Bucket) error {
		b.Rules = nil
		delete(b.Documents, lifecycleDocument)
		return nil
	})
}

func newRuleID() string {
	b := make([]byte, 36)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// readRule makes of a rule what acts on it.
func readRule(in types.LifecycleRule) (out objects.Rule, err error) {
	out = objects.Rule{ID: *in.ID, Enabled: in.Status == types.ExpirationStatusEnabled}
	switch {
	case in.Status != types.ExpirationStatusEnabled && in.Status != types.ExpirationStatusDisabled:
		return out, errMalformedXML
	case len(in.Transitions) > 0 || len(in.NoncurrentVersionTransitions) > 0:
		return out, unsupported("A transition to another storage class")
	case in.Filter != nil && in.Prefix != nil, in.Filter == nil && in.Prefix == nil:
		return out, errMalformedXML
	case in.Expiration == nil && in.NoncurrentVersionExpiration == nil && in.AbortIncompleteMultipartUpload == nil:
		return out, invalidRequest("At least one action needs to be specified in a rule")
	}
	out.Prefix = aws.ToString(in.Prefix)
	if in.Filter != nil {
		if err := readFilter(&out, *in.Filter); err != nil {
			return out, err
		}
	}
	if e := in.Expiration; e != nil {
		if err := readExpiration(&out, *e); err != nil {
			return out, err
		}
	}
	if n := in.NoncurrentVersionExpiration; n != nil {
		out.NoncurrentDays, out.NewerNoncurrent = aws.ToInt32(n.NoncurrentDays), aws.ToInt32(n.NewerNoncurrentVersions)
		if out.NoncurrentDays < 1 {
			return out, invalidArgument("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
		}
		if out.NewerNoncurrent < 0 || out.NewerNoncurrent > 100 || n.NewerNoncurrentVersions != nil && out.NewerNoncurrent == 0 {
			return out, invalidArgument("'NewerNoncurrentVersions' must be between 1 and 100")
		}
	}
	if a := in.AbortIncompleteMultipartUpload; a != nil {
		out.AbortDays = aws.ToInt32(a.DaysAfterInitiation)
		switch {
		case out.AbortDays < 1:
			return out, invalidArgument("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer")
		case len(out.Tags) > 0:
			return out, invalidRequest("AbortIncompleteMultipartUpload cannot be specified with Tags.")
		case out.GreaterThan > 0 || out.LessThan > 0:
			return out, invalidRequest("AbortIncompleteMultipartUpload cannot be specified with Object Size.")
		}
	}
	return out, nil
}

func readFilter(out *objects.Rule, f types.LifecycleRuleFilter) error {
	set := 0
	for _, there := range []bool{f.And != nil, f.ObjectSizeGreaterThan != nil, f.ObjectSizeLessThan != nil, f.Prefix != nil, f.Tag != nil} {
		if there {
			set++
		}
	}
	if set > 1 {
		return errMalformedXML
	}
	tags, prefix, greater, less := []types.Tag(nil), f.Prefix, f.ObjectSizeGreaterThan, f.ObjectSizeLessThan
	if f.Tag != nil {
		tags = []types.Tag{*f.Tag}
	}
	if a := f.And; a != nil {
		tags, prefix, greater, less = a.Tags, a.Prefix, a.ObjectSizeGreaterThan, a.ObjectSizeLessThan
	}
	var err error
	out.Prefix, out.GreaterThan, out.LessThan = aws.ToString(prefix), aws.ToInt64(greater), aws.ToInt64(less)
	if out.GreaterThan < 0 || less != nil && out.LessThan < 1 || less != nil && out.LessThan <= out.GreaterThan {
		return invalidRequest("'ObjectSizeGreaterThan' has to be a value less than 'ObjectSizeLessThan'")
	}
	out.Tags, err = tagMap(tags, maxObjectTags)
	return err
}

func readExpiration(out *objects.Rule, e types.LifecycleExpiration) error {
	set := 0
	for _, there := range []bool{e.Days != nil, e.Date != nil, e.ExpiredObjectDeleteMarker != nil} {
		if there {
			set++
		}
	}
	switch {
	case set != 1:
		return errMalformedXML
	case e.Days != nil && *e.Days < 1:
		return invalidArgument("'Days' for Expiration action must be a positive integer")
	case e.Date != nil && !e.Date.UTC().Truncate(24*time.Hour).Equal(e.Date.UTC()):
		return invalidArgument("'Date' must be at midnight GMT")
	case aws.ToBool(e.ExpiredObjectDeleteMarker) && len(out.Tags) > 0:
		return invalidRequest("ExpiredObjectDeleteMarker cannot be specified with Tags.")
	}
	out.Days, out.ExpiredDeleteMarker = aws.ToInt32(e.Days), aws.ToBool(e.ExpiredObjectDeleteMarker)
	if e.Date != nil {
		out.Date = e.Date.UTC()
	}
	return nil
}
