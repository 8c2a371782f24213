package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/test/harness"
)

func put(t *testing.T, w *harness.World, bucket, key, body string) {
	t.Helper()
	_, err := w.S3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)})
	if err != nil {
		t.Fatal(err)
	}
}

// A container has what its environment files say, by ECS's precedence, and
// none of it is on the disk.
func TestEnvironmentFiles(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	if _, err := w.S3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("conf")}); err != nil {
		t.Fatal(err)
	}
	put(t, w, "conf", "a.env", "# first\r\nFIRST=from \"a\"\r\nBOTH=a-wins-harbour\r\nDEFINED=file\r\n")
	put(t, w, "conf", "dir/b.env", "BOTH=b\nSECOND=b=2\n")
	put(t, w, "conf", "instead.env", "FIRST=instead")
	put(t, w, "conf", "bad.env", "A=1\nB C=2")
	file := func(key string) types.EnvironmentFile {
		return types.EnvironmentFile{Type: types.EnvironmentFileTypeS3, Value: aws.String("arn:aws:s3:::conf/" + key)}
	}
	var containers []types.ContainerDefinition
	for _, name := range []string{"FIRST", "BOTH", "SECOND", "DEFINED"} {
		c := w.Container(name, "env", name)
		c.EnvironmentFiles = []types.EnvironmentFile{file("a.env"), file("dir/b.env")}
		c.Environment = []types.KeyValuePair{{Name: aws.String("DEFINED"), Value: aws.String("definition")}}
		c.Essential = aws.Bool(name == "DEFINED")
		if name != "DEFINED" {
			containers = append(containers, c)
			continue
		}
		for _, other := range containers {
			c.DependsOn = append(c.DependsOn, types.ContainerDependency{ContainerName: other.Name, Condition: types.ContainerConditionSuccess})
		}
		containers = append(containers, c)
	}
	w.Register("files", nil, containers...)
	arn := w.Run("files")
	w.Until(arn, "STOPPED")
	for name, want := range map[string]string{"FIRST": `from "a"`, "BOTH": "a-wins-harbour", "SECOND": "b=2", "DEFINED": "definition"} {
		if got := w.Lines(arn, name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, sub := range []string{"agent", "engine", "store"} {
		if path := holding(t, filepath.Join(w.Dir, sub), "a-wins-harbour"); path != "" {
			t.Errorf("a file's value is in %s", path)
		}
	}
	arn = w.Run("files", func(in *ecs.RunTaskInput) {
		in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("FIRST"), EnvironmentFiles: []types.EnvironmentFile{file("instead.env")}}}}
	})
	w.Until(arn, "STOPPED")
	if got := w.Lines(arn, "FIRST"); len(got) != 1 || got[0] != "instead" {
		t.Errorf("overridden: %q", got)
	}
	for key, want := range map[string]string{
		"none.env": "ResourceInitializationError: failed to download env files: service call has been retried 1 time(s): operation error S3: HeadObject, https response error StatusCode: 404, api error NotFound: Not Found (arn:aws:s3:::conf/none.env)",
		"bad.env":  "ResourceInitializationError: failed to download env files: line 2: the variable's name contains white space (arn:aws:s3:::conf/bad.env)",
	} {
		arn := w.Run("files", func(in *ecs.RunTaskInput) {
			in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("FIRST"), EnvironmentFiles: []types.EnvironmentFile{file(key)}}}}
		})
		task := w.Until(arn, "STOPPED")
		if got := aws.ToString(task.StoppedReason); got != want || task.StopCode != types.TaskStopCodeTaskFailedToStart {
			t.Errorf("%s: %q %s", key, got, task.StopCode)
		}
	}
}

// holding returns a file below dir that holds text.
func holding(t *testing.T, dir, text string) (found string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		// What a container printed stands in its spool until it is in the log.
		if err != nil || !info.Mode().IsRegular() || strings.Contains(path, "/spool/") {
			return nil //nolint:nilerr // files come and go
		}
		raw, err := os.ReadFile(path)
		if err == nil && bytes.Contains(raw, []byte(text)) {
			found = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What S3 has acknowledged is there after kill -9, and nothing else is.
func TestObjectsSurviveAKill(t *testing.T) {
	w := harness.Start(t)
	ctx := context.Background()
	bucket := aws.String("kept")
	if _, err := w.S3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	key, err := w.KMS.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	up, err := w.S3.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("multi")})
	if err != nil {
		t.Fatal(err)
	}
	part := bytes.Repeat([]byte("part one "), 700_000)
	one, err := w.S3.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: aws.String("multi"), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader(part)})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	kept := map[string][32]byte{}
	for writer := range 4 {
		group.Go(func() {
			for i := range 1000 {
				body := bytes.Repeat(fmt.Appendf(nil, "%d/%d ", writer, i), 20_000)
				name := fmt.Sprintf("w%d/%d", writer, i)
				in := &s3.PutObjectInput{Bucket: bucket, Key: &name, Body: bytes.NewReader(body)}
				if i%2 == 1 {
					in.ServerSideEncryption, in.SSEKMSKeyId = s3types.ServerSideEncryptionAwsKms, key.KeyMetadata.KeyId
				}
				if _, err := w.S3.PutObject(ctx, in, func(o *s3.Options) { o.RetryMaxAttempts = 1 }); err != nil {
					return
				}
				mu.Lock()
				kept[name] = sha256.Sum256(body)
				mu.Unlock()
			}
		})
	}
	w.Eventually("some are written", func() bool { mu.Lock(); defer mu.Unlock(); return len(kept) > 20 })
	w.Kill()
	group.Wait()
	w.Up()
	for name, sum := range kept {
		got, err := w.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &name})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil || sha256.Sum256(body) != sum {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
	}
	if _, err := w.S3.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: aws.String("multi"), UploadId: up.UploadId,
		MultipartUpload: &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{{PartNumber: aws.Int32(1), ETag: one.ETag}}}}); err != nil {
		t.Error(err)
	}
	list, err := w.S3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	blobs := 0
	_ = filepath.Walk(filepath.Join(w.Dir, "objects", "blobs"), func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			blobs++
		}
		return nil
	})
	if left, _ := os.ReadDir(filepath.Join(w.Dir, "objects", "tmp")); len(left) > 0 || blobs != len(list.Contents) {
		t.Errorf("%d objects, %d blobs, %d files half written", len(list.Contents), blobs, len(left))
	}
	// A key that is off takes what it sealed with it.
	if _, err := w.KMS.DisableKey(ctx, &kms.DisableKeyInput{KeyId: key.KeyMetadata.KeyId}); err != nil {
		t.Fatal(err)
	}
	_, err = w.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("w0/1")})
	if err == nil || !strings.Contains(err.Error(), "KMS.DisabledException") {
		t.Errorf("read under a disabled key: %v", err)
	}
	if _, err := w.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("w0/0")}); err != nil {
		t.Error(err)
	}
}
