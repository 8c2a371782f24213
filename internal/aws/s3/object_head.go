package s3

import (
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

// maxMetadata is the size of user metadata in bytes, as in S3.
const maxMetadata = 2 << 10

// head gathers what a write says of its object besides the bytes.
func head(cacheControl, disposition, encoding, language, contentType *string, expires *time.Time, class types.StorageClass, meta map[string]string) (objects.Head, error) {
	h := objects.Head{
		ContentType: aws.ToString(contentType), ContentEncoding: plainEncoding(aws.ToString(encoding)),
		ContentDisposition: aws.ToString(disposition), ContentLanguage: aws.ToString(language),
		CacheControl: aws.ToString(cacheControl), Meta: meta,
	}
	if h.ContentType == "" {
		h.ContentType = "binary/octet-stream"
	}
	if expires != nil {
		h.Expires = expires.UTC().Format(http.TimeFormat)
	}
	switch class {
	case "", types.StorageClassStandard:
	case types.StorageClassGlacier, types.StorageClassDeepArchive, types.StorageClassOutposts, types.StorageClassSnow, types.StorageClassExpressOnezone:
		return h, unsupported("The storage class " + string(class))
	default:
		known := false
		for _, c := range class.Values() {
			known = known || c == class
		}
		if !known {
			return h, fail(400, "InvalidStorageClass", "The storage class you specified is not valid")
		}
		h.StorageClass = string(class) // all of them read alike
	}
	size := 0
	for k, v := range meta {
		size += len(k) + len(v)
	}
	if size > maxMetadata {
		return h, errMetadataTooLarge
	}
	return h, nil
}

// plainEncoding is the content encoding without the one of the transfer.
func plainEncoding(text string) string {
	var kept []string
	for coding := range strings.SplitSeq(text, ",") {
		if coding = strings.TrimSpace(coding); coding != "" && coding != "aws-chunked" {
			kept = append(kept, coding)
		}
	}
	return strings.Join(kept, ",")
}

// setSum puts a checksum into the member of its algorithm.
func setSum(out any, algorithm objects.Algorithm, value string) {
	if algorithm == "" || value == "" {
		return
	}
	if f := reflect.ValueOf(out).Elem().FieldByName("Checksum" + string(algorithm)); f.IsValid() {
		f.Set(reflect.ValueOf(&value))
	}
}

// getSum reads the member of an algorithm.
func getSum(in any, algorithm objects.Algorithm) string {
	if f := reflect.Indirect(reflect.ValueOf(in)).FieldByName("Checksum" + string(algorithm)); f.IsValid() && !f.IsNil() {
		return f.Elem().String()
	}
	return ""
}

func checksumType(c objects.Checksum) types.ChecksumType {
	switch {
	case c.Algorithm == "":
		return ""
	case c.Composite:
		return types.ChecksumTypeComposite
	}
	return types.ChecksumTypeFullObject
}

// requestedSum is the checksum a request was sent with, else S3's own.
func requestedSum(r *request, named types.ChecksumAlgorithm) (objects.Algorithm, error) {
	candidates := []string{string(named)}
	for name := range r.http.Header {
		if rest, ok := strings.CutPrefix(name, "X-Amz-Checksum-"); ok {
			candidates = append(candidates, rest)
		}
	}
	for name := range strings.SplitSeq(r.http.Header.Get("X-Amz-Trailer"), ",") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(strings.ToLower(name)), "x-amz-checksum-"); ok {
			switch rest {
			case "crc32", "crc32c", "crc64nvme", "sha1", "sha256":
				candidates = append(candidates, rest)
			default:
				return "", unsupported("The checksum " + strings.ToUpper(rest) + " in a trailer")
			}
		}
	}
	for _, c := range candidates {
		switch a := objects.Algorithm(strings.ToUpper(c)); {
		case a == "", a == "MODE", a == "TYPE", a == "ALGORITHM":
		case a.New() == nil:
			return "", unsupported("The checksum algorithm " + string(a))
		default:
			return a, nil
		}
	}
	return objects.CRC64NVME, nil
}

// copyMembers copies members of one name and type.
func copyMembers(to, from any) {
	src, dst := reflect.ValueOf(from).Elem(), reflect.ValueOf(to).Elem()
	for i := range src.NumField() {
		f := src.Type().Field(i)
		if d := dst.FieldByName(f.Name); f.IsExported() && d.IsValid() && d.Type() == f.Type {
			d.Set(src.Field(i))
		}
	}
}

func quoted(etag string) *string { return aws.String(`"` + etag + `"`) }

func unquoted(etag string) string { return strings.Trim(strings.TrimSpace(etag), `"`) }
