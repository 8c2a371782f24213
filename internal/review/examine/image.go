package examine

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/url"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/inventory"
	"github.com/hatoba/hatoba/internal/review/read"
)

// image reads the image that was named, and lists its packages on the way. One
// that cannot be had leaves a gap: the rest of the review is worth having.
func image(ctx context.Context, req Request, s *review.Subject, names map[review.Part]string, bill *bill) error {
	ref := req.Image
	if host := loopback(req.Account.Endpoint); host != "" {
		if ref == "" && s.TaskDef.OK {
			ref = aws.ToString(s.TaskDef.Value.ContainerDefinitions[0].Image)
		}
		ref = local(ref, host)
	}
	if ref == "" {
		return nil
	}
	names[review.PartImage] = ref
	packages := inventory.NewCollector()
	img, err := read.Image(ctx, ref, read.ImageOptions{Platform: platform(s), Visit: func(f review.File, r io.Reader) error {
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
	img.Declared = declared(s, cmp.Or(req.Image, ref))
	s.Image = review.Have(img)
	packages.Keep(img.Files)
	bill.image, bill.gaps = packages.Packages(), packages.Gaps()
	bill.digest = img.Digest
	return nil
}

// loopback is the host and port of an endpoint on this machine: a Hatoba, whose
// registry answers there too. It is empty for any other.
func loopback(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" {
		return ""
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return u.Host
	}
	return ""
}

var ecr = regexp.MustCompile(`^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(.+)$`)

// local is where a Hatoba keeps the image of an ECR reference.
func local(ref, host string) string {
	if m := ecr.FindStringSubmatch(ref); m != nil {
		return host + "/" + m[1] + "/" + m[2] + "/" + m[3]
	}
	return ref
}

// platform is the one the task asks for; nil leaves the choice to the reader.
func platform(s *review.Subject) *v1.Platform {
	if !s.TaskDef.OK || s.TaskDef.Value.RuntimePlatform == nil {
		return nil
	}
	switch s.TaskDef.Value.RuntimePlatform.CpuArchitecture {
	case types.CPUArchitectureArm64:
		return &v1.Platform{OS: "linux", Architecture: "arm64"}
	case types.CPUArchitectureX8664:
		return &v1.Platform{OS: "linux", Architecture: "amd64"}
	}
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
