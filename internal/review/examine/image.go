package examine

import (
	"context"
	"io"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/inventory"
	"github.com/hatoba/hatoba/internal/review/read"
)

// image reads the image that was named, and lists its packages on the way. One
// that cannot be had leaves a gap: the rest of the review is worth having.
func image(ctx context.Context, req Request, s *review.Subject, names map[review.Part]string, bill *bill) error {
	if req.Image == "" {
		return nil
	}
	names[review.PartImage] = req.Image
	packages := inventory.NewCollector()
	img, err := read.Image(ctx, req.Image, read.ImageOptions{Visit: func(f review.File, r io.Reader) error {
		if !packages.Wants(f) {
			return nil
		}
		return packages.Visit(f, r)
	}})
	if err != nil {
		s.Image = review.Missing[*review.Image](
			review.Say("the image could not be read: %v", "イメージを読めなかった: %v", err),
			review.Say("--image REF, or --image ARCHIVE.tar", "--image REF または --image ARCHIVE.tar"))
		return nil
	}
	img.Declared = declared(s, req.Image)
	s.Image = review.Have(img)
	packages.Keep(img.Files)
	bill.image, bill.gaps = packages.Packages(), packages.Gaps()
	bill.digest = img.Digest
	return nil
}

// declared is the line that names the image, so that findings about it have a
// place in a file.
func declared(s *review.Subject, ref string) review.Place {
	if s.TaskDef.OK {
		td, index := s.TaskDef.Value, 0
		for i, c := range td.ContainerDefinitions {
			if c.Image != nil && *c.Image == ref {
				index = i
			}
		}
		return td.At("containerDefinitions", index, "image")
	}
	if s.Dockerfile.OK {
		return s.Dockerfile.Value.At(s.Dockerfile.Value.Final().Location)
	}
	return review.Place{}
}
