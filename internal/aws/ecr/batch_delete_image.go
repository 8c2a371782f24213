package ecr

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// BatchDeleteImage deletes images: by digest with all tags; by tag only the
// tag, and the image with its last one.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html
func (s *Service) BatchDeleteImage(ctx context.Context, caller wire.Caller, in *ecr.BatchDeleteImageInput) (*ecr.BatchDeleteImageOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.ImageIds); err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	var plan deletion
	err = s.cfg.Registry.Exclusive(ctx, scope, name, func(ctx context.Context) error {
		err := s.cfg.Store.View(ctx, func(r store.Reader) error {
			if _, err := find(r, scope, name); err != nil {
				return err
			}
			plan = planDeletion(images(r, scope, name), in.ImageIds)
			return nil
		})
		if err != nil {
			return err
		}
		return s.delete(ctx, scope, name, plan)
	})
	if err != nil {
		return nil, err
	}
	return &ecr.BatchDeleteImageOutput{ImageIds: plan.done, Failures: plan.failures}, nil
}

// delete removes images from the storage and then their records; what a crash
// leaves between the two is mended at the next start.
func (s *Service) delete(ctx context.Context, scope state.Scope, name string, plan deletion) error {
	for _, tag := range plan.untag {
		if err := s.cfg.Registry.Untag(ctx, scope, name, tag); err != nil {
			return err
		}
	}
	for _, image := range plan.remove {
		if err := s.cfg.Registry.Delete(ctx, scope, name, image.Digest, image.Tags); err != nil {
			return err
		}
	}
	return s.cfg.Store.Update(ctx, func(w store.Writer) error {
		for _, image := range plan.remove {
			store.Images.Delete(w, scope.Key(state.ImageID(name, image.Digest)))
		}
		for _, image := range plan.keep {
			if err := store.Images.Put(w, scope.Key(state.ImageID(name, image.Digest)), image); err != nil {
				return err
			}
		}
		return s.deleted(w, scope, name, plan.done)
	})
}

// deleted tells of images and tags that are gone.
func (s *Service) deleted(w store.Writer, scope state.Scope, name string, ids []types.ImageIdentifier) error {
	for _, id := range ids {
		err := events.ImageChanged(w, scope, events.ImageAction{
			Result: "SUCCESS", Repository: name, Digest: aws.ToString(id.ImageDigest), Action: "DELETE", Tag: aws.ToString(id.ImageTag),
		}, s.cfg.Now())
		if err != nil {
			return err
		}
	}
	return nil
}

// deletion is what a BatchDeleteImage does.
type deletion struct {
	untag    []string      // tags to remove from images that stay
	keep     []state.Image // those images, as they are then
	remove   []state.Image // with the tags they still have
	done     []types.ImageIdentifier
	failures []types.ImageFailure
}

// planDeletion decides id by id what goes. Indexes go first, so that their
// images may go in the same call.
func planDeletion(all []state.Image, ids []types.ImageIdentifier) deletion {
	d := deletion{done: []types.ImageIdentifier{}, failures: []types.ImageFailure{}}
	all = slices.Clone(all)
	touched := map[string]bool{}
	for _, id := range indexesFirst(all, ids) {
		image, code, reason := identified(all, id)
		at := slices.IndexFunc(all, func(i state.Image) bool { return i.Digest == image.Digest })
		last := id.ImageTag == nil || len(image.Tags) < 2
		if code == "" && last && referenced(all, image.Digest) {
			code, reason = types.ImageFailureCodeImageReferencedByManifestList, "Requested image referenced by manifest list: "+referrer(all, image.Digest)
		}
		switch {
		case code != "":
			d.failures = append(d.failures, types.ImageFailure{ImageId: &id, FailureCode: code, FailureReason: aws.String(reason)})
		case last:
			d.remove = append(d.remove, image)
			d.done = append(d.done, identifiers(image)...)
			all = slices.Delete(all, at, at+1)
		default:
			d.untag = append(d.untag, *id.ImageTag)
			d.done = append(d.done, types.ImageIdentifier{ImageDigest: aws.String(image.Digest), ImageTag: id.ImageTag})
			all[at].Tags = slices.DeleteFunc(slices.Clone(image.Tags), func(t string) bool { return t == *id.ImageTag })
			touched[image.Digest] = true
		}
	}
	for _, image := range all {
		if touched[image.Digest] {
			d.keep = append(d.keep, image)
		}
	}
	return d
}

func indexesFirst(all []state.Image, ids []types.ImageIdentifier) []types.ImageIdentifier {
	ids = slices.Clone(ids)
	slices.SortStableFunc(ids, func(a, b types.ImageIdentifier) int {
		x, _, _ := identified(all, a)
		y, _, _ := identified(all, b)
		return min(1, len(y.Children)) - min(1, len(x.Children))
	})
	return ids
}

// referrer is the digest of an index that names an image, "" when none does.
func referrer(all []state.Image, digest string) string {
	for _, image := range all {
		if slices.Contains(image.Children, digest) {
			return image.Digest
		}
	}
	return ""
}

func referenced(all []state.Image, digest string) bool { return referrer(all, digest) != "" }
