package s3

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

func (s *Service) getObjectAttributes(_ context.Context, r *request, in *sdk.GetObjectAttributesInput) (*sdk.GetObjectAttributesOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	v, err := s.objects.Version(r.bucket, r.key, aws.ToString(in.VersionId))
	if err != nil {
		return nil, missing(v, err)
	}
	out := &sdk.GetObjectAttributesOutput{LastModified: aws.Time(v.Modified), VersionId: versionID(b, v.ID)}
	for _, a := range in.ObjectAttributes {
		switch a {
		case types.ObjectAttributesEtag:
			out.ETag = aws.String(v.ETag)
		case types.ObjectAttributesObjectSize:
			out.ObjectSize = aws.Int64(v.Size)
		case types.ObjectAttributesStorageClass:
			out.StorageClass = types.StorageClass(storageClass(v))
		case types.ObjectAttributesChecksum:
			if v.Checksum.Value != "" {
				out.Checksum = &types.Checksum{ChecksumType: checksumType(v.Checksum)}
				setSum(out.Checksum, v.Checksum.Algorithm, v.Checksum.Value)
			}
		case types.ObjectAttributesObjectParts:
			if v.Multipart {
				if out.ObjectParts, err = objectParts(v, in); err != nil {
					return nil, err
				}
			}
		default:
			return nil, invalidArgument("Invalid attribute name specified.")
		}
	}
	return out, nil
}

func objectParts(v objects.Version, in *sdk.GetObjectAttributesInput) (*types.GetObjectAttributesParts, error) {
	after, err := partMarker(in.PartNumberMarker)
	if err != nil {
		return nil, err
	}
	most := maxListed
	if in.MaxParts != nil {
		most = min(max(0, int(*in.MaxParts)), maxListed)
	}
	out := &types.GetObjectAttributesParts{
		TotalPartsCount: aws.Int32(int32(len(v.Parts))), MaxParts: aws.Int32(int32(most)), IsTruncated: aws.Bool(false),
		PartNumberMarker: aws.String(strconv.Itoa(int(after))),
	}
	begin, _ := slices.BinarySearchFunc(v.Parts, after+1, func(p objects.Part, n int32) int { return int(p.Number - n) })
	for _, p := range v.Parts[begin:] {
		if len(out.Parts) == most {
			out.IsTruncated = aws.Bool(true)
			break
		}
		one := types.ObjectPart{PartNumber: aws.Int32(p.Number), Size: aws.Int64(p.Size)}
		setSum(&one, v.Checksum.Algorithm, p.Checksum)
		out.Parts = append(out.Parts, one)
		out.NextPartNumberMarker = aws.String(strconv.Itoa(int(p.Number)))
	}
	return out, nil
}
