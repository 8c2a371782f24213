package agent

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	engine "github.com/hatoba/hatoba/internal/agent/runtime"
)

func failed(stage engine.Stage, class error, text string) error {
	err := errors.New(text)
	if class != nil {
		err = fmt.Errorf("%w: %w", class, err)
	}
	return &engine.PullError{Stage: stage, Err: err}
}

func TestPullReason(t *testing.T) {
	const ref = "docker.io/team/app:1"
	const begin = "CannotPullContainerError: "
	for _, c := range []struct {
		err  error
		want string
	}{
		{failed(engine.StageManifest, engine.ErrImageNotFound, "x"), begin + "pull image manifest has been retried 1 time(s): failed to resolve ref " + ref + ": " + ref + ": not found"},
		{failed(engine.StageContent, nil, "corrupt"), begin + "ref pull has been retried 1 time(s): failed to pull " + ref + ": corrupt"},
		{failed(engine.StageManifest, engine.ErrImageDenied, "403"), begin + "The task can’t pull the image. Check that the role has the permissions to pull images from the registry. failed to resolve ref " + ref + ": 403"},
		{failed(engine.StageContent, engine.ErrImagePlatform, "x"), begin + "ref pull has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/" + runtime.GOARCH + "'"},
		{failed(engine.StageContent, engine.ErrDiskFull, "write /x: no space left on device"), begin + "ref pull has been retried 1 time(s): failed to pull " + ref + ": write /x: no space left on device"},
		{failed(engine.StageManifest, engine.ErrImageRateLimited, "unexpected status code U: 429 Too Many Requests - Server message: toomanyrequests: slow"), begin + "pull image manifest has been retried 1 time(s): httpReaderSeeker: failed open: unexpected status code U: 429 Too Many Requests - Server message: toomanyrequests: slow"},
		{failed(engine.StageManifest, engine.ErrImageUntrusted, "x509: certificate signed by unknown authority"), begin + "pull image manifest has been retried 1 time(s): failed to resolve ref " + ref + ": x509: certificate signed by unknown authority"},
		{errors.New("other"), begin + "ref pull has been retried 1 time(s): failed to pull " + ref + ": other"},
	} {
		if got := pullReason(ref, 1, c.err); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
	if got := pullReason(ref, 5, failed(engine.StageManifest, engine.ErrImageUnreachable, "i/o timeout")); !strings.Contains(got, "There is a connection issue") || !strings.Contains(got, "retried 5 time(s)") {
		t.Error(got)
	}
}

// What may pass is tried five times with growing waits, what is definite once,
// and never without end.
func TestAgain(t *testing.T) {
	for _, c := range []struct {
		err     error
		retries int
		took    time.Duration
		more    bool
		least   time.Duration
	}{
		{failed(engine.StageManifest, engine.ErrImageUnreachable, ""), 0, 0, true, 500 * time.Millisecond},
		{failed(engine.StageManifest, engine.ErrImageUnreachable, ""), 4, 0, true, 8 * time.Second},
		{failed(engine.StageManifest, engine.ErrImageUnreachable, ""), 5, 0, false, 0},
		{failed(engine.StageManifest, engine.ErrImageRateLimited, ""), 1, 3 * time.Minute, false, 0},
		{failed(engine.StageManifest, engine.ErrImageNotFound, ""), 0, 0, true, 250 * time.Millisecond},
		{failed(engine.StageManifest, engine.ErrImageNotFound, ""), 1, 0, false, 0},
		{&engine.PullError{Stage: engine.StageManifest, After: 20 * time.Second, Err: engine.ErrImageRateLimited}, 0, 0, true, 20 * time.Second},
		{&engine.PullError{Stage: engine.StageManifest, After: 6 * time.Hour, Err: engine.ErrImageRateLimited}, 0, 0, false, 0},
	} {
		wait, more := again(c.err, c.retries, c.took)
		if more != c.more || more && (wait < c.least || wait > 2*c.least) {
			t.Errorf("%v after %d: %s, %v", c.err, c.retries, wait, more)
		}
	}
}
