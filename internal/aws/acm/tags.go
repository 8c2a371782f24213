package acm

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxTags = 50

var tagForm = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// mergedTags is old with added; old stays as it is.
func mergedTags(old, added []types.Tag) ([]types.Tag, error) {
	out := slices.Clone(old)
	for _, t := range added {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128 || !tagForm.MatchString(key) || strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, &types.InvalidTagException{Message: aws.String("Tag key " + key + " is not valid.")}
		case utf8.RuneCountInString(value) > 256 || !tagForm.MatchString(value):
			return nil, &types.InvalidTagException{Message: aws.String("Tag value " + value + " is not valid.")}
		}
		tag := types.Tag{Key: aws.String(key), Value: aws.String(value)}
		if i := slices.IndexFunc(out, func(o types.Tag) bool { return *o.Key == key }); i >= 0 {
			out[i] = tag
		} else {
			out = append(out, tag)
		}
	}
	if len(out) > maxTags {
		return nil, &types.TooManyTagsException{Message: aws.String("A certificate can have at most 50 tags.")}
	}
	return out, nil
}

func (s *Service) retag(ctx context.Context, scope state.Scope, arn *string, change func([]types.Tag) ([]types.Tag, error)) error {
	return s.update(ctx, func(w store.Writer) error {
		key, c, err := find(w, scope, arn)
		if err != nil {
			return err
		}
		if c.Tags, err = change(c.Tags); err != nil {
			return err
		}
		return store.Certificates.Put(w, key, c)
	})
}

// https://docs.aws.amazon.com/acm/latest/APIReference/API_AddTagsToCertificate.html
func (s *Service) addTags(ctx context.Context, caller wire.Caller, in *acm.AddTagsToCertificateInput) (*acm.AddTagsToCertificateOutput, error) {
	return &acm.AddTagsToCertificateOutput{}, s.retag(ctx, caller.Scope, in.CertificateArn, func(old []types.Tag) ([]types.Tag, error) {
		return mergedTags(old, in.Tags)
	})
}

// removeTags removes a tag whose value is the given one too, where one is given.
//
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RemoveTagsFromCertificate.html
func (s *Service) removeTags(ctx context.Context, caller wire.Caller, in *acm.RemoveTagsFromCertificateInput) (*acm.RemoveTagsFromCertificateOutput, error) {
	return &acm.RemoveTagsFromCertificateOutput{}, s.retag(ctx, caller.Scope, in.CertificateArn, func(old []types.Tag) ([]types.Tag, error) {
		return slices.DeleteFunc(slices.Clone(old), func(t types.Tag) bool {
			return slices.ContainsFunc(in.Tags, func(gone types.Tag) bool {
				return aws.ToString(gone.Key) == *t.Key && (gone.Value == nil || *gone.Value == *t.Value)
			})
		}), nil
	})
}

// https://docs.aws.amazon.com/acm/latest/APIReference/API_ListTagsForCertificate.html
func (s *Service) listTags(ctx context.Context, caller wire.Caller, in *acm.ListTagsForCertificateInput) (*acm.ListTagsForCertificateOutput, error) {
	out := &acm.ListTagsForCertificateOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		_, c, err := find(r, caller.Scope, in.CertificateArn)
		out.Tags = append([]types.Tag{}, c.Tags...)
		return err
	})
}
