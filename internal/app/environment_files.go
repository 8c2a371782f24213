package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/envfile"
	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/state"
)

// environmentFiles reads tasks' environment files from S3's engine.
type environmentFiles struct{ objects *objects.Engine }

// ReadTaskFile implements dispatch.Files. Its errors are those of the SDK that
// Fargate's agent reads with.
func (f environmentFiles) ReadTaskFile(ctx context.Context, scope state.Scope, arn string) ([]byte, error) {
	bucket, key, err := envfile.Object(arn)
	if err != nil {
		return nil, err
	}
	b, err := f.objects.Bucket(bucket)
	if err == nil && b.Account != scope.Account {
		return nil, refusedFile(403, "Forbidden: Forbidden")
	}
	var body io.ReadCloser
	if err == nil {
		_, body, err = f.objects.Open(ctx, bucket, key, "", func(v objects.Version) (int64, int64, error) {
			if v.Size > envfile.MaxSize {
				return 0, 0, fmt.Errorf("the file has %d bytes, more than %d", v.Size, envfile.MaxSize)
			}
			return 0, v.Size, nil
		})
	}
	var api smithy.APIError
	switch {
	case errors.Is(err, objects.ErrNoBucket), errors.Is(err, objects.ErrNoKey):
		return nil, refusedFile(404, "NotFound: Not Found")
	case errors.As(err, &api): // of the KMS key
		return nil, refusedFile(400, api.ErrorCode()+": "+api.ErrorMessage())
	case err != nil:
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func refusedFile(status int, answer string) error {
	return fmt.Errorf("service call has been retried 1 time(s): operation error S3: HeadObject, https response error StatusCode: %d, api error %s", status, answer)
}
