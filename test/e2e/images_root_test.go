package e2e

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hatoba/hatoba/test/harness"
)

const registryPassword = "pull-me-4d1f"

// private is a registry that has app:1 for who logs in, and one that limits
// everybody while limited is set to what it says in Retry-After.
func private(t *testing.T, w *harness.World) (host string, limited *atomic.Value, refused *atomic.Int32) {
	t.Helper()
	limited, refused = &atomic.Value{}, &atomic.Int32{}
	limited.Store("")
	content := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if after := limited.Load().(string); after != "" {
			refused.Add(1)
			rw.Header().Set("Retry-After", after)
			rw.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(rw, `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}`)
			return
		}
		if user, password, _ := r.BasicAuth(); user != "puller" || password != registryPassword {
			rw.Header().Set("WWW-Authenticate", "Basic")
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		content.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")
	from, err := name.ParseReference(w.Listen+"/app:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	image, err := remote.Image(from)
	if err != nil {
		t.Fatal(err)
	}
	to, err := name.ParseReference(host+"/team/app:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, image, remote.WithAuth(&authn.Basic{Username: "puller", Password: registryPassword})); err != nil {
		t.Fatal(err)
	}
	return host, limited, refused
}

func TestPrivateRegistry(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	host, limited, refused := private(t, w)
	secret := func(name, user, password string) string {
		out, err := w.Secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
			Name: aws.String(name), SecretString: aws.String(fmt.Sprintf(`{"username":%q,"password":%q}`, user, password)),
		})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(out.ARN)
	}
	good := secret("registry/good", "puller", registryPassword)
	bad := secret("registry/bad", "puller", "wrong-password")
	define := func(family, credentials string) {
		c := w.Container("app", "serve", "8080")
		c.Image = aws.String(host + "/team/app:1")
		if credentials != "" {
			c.RepositoryCredentials = &types.RepositoryCredentials{CredentialsParameter: aws.String(credentials)}
		}
		w.Register(family, nil, c)
	}
	define("arn", good)
	define("name", "registry/good")
	define("wrong", bad)
	define("missing", "registry/none")
	define("none", "")
	for family, want := range map[string]string{
		"wrong": "CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions", "none": "CannotPullContainerError: The task can’t pull the image.",
		"missing": "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: ",
	} {
		task := w.Until(w.Run(family), "STOPPED")
		if task.StopCode != types.TaskStopCodeTaskFailedToStart || !strings.HasPrefix(aws.ToString(task.StoppedReason), want) || strings.Contains(aws.ToString(task.StoppedReason), "wrong-password") {
			t.Errorf("%s: %s %s", family, task.StopCode, aws.ToString(task.StoppedReason))
		}
	}
	for _, family := range []string{"arn", "name"} {
		w.Until(w.Run(family), "RUNNING")
	}

	cli := func(stdin string, args ...string) string {
		cmd := exec.Command(harness.Binary(t, "hatoba"), append(args, "--data-dir", w.Dir, "--listen", w.Listen)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v: %s", args, err, out)
		}
		return string(out)
	}
	cli(registryPassword+"\n", "registry", "login", host, "-u", "puller", "--password-stdin")
	if out := cli("", "registry", "list"); !strings.Contains(out, host+"  puller") || strings.Contains(out, registryPassword) {
		t.Errorf("list: %s", out)
	}
	w.Until(w.Run("none"), "RUNNING")
	cli("", "registry", "logout", host)
	if task := w.Until(w.Run("none"), "STOPPED"); !strings.HasPrefix(aws.ToString(task.StoppedReason), "CannotPullContainerError") {
		t.Errorf("after the logout: %s", aws.ToString(task.StoppedReason))
	}

	limited.Store("21600")
	task := w.Until(w.Run("arn"), "STOPPED")
	if reason := aws.ToString(task.StoppedReason); !strings.Contains(reason, "429 Too Many Requests - Server message: toomanyrequests") {
		t.Errorf("limited for hours: %s", reason)
	}
	limited.Store("10")
	before := refused.Load()
	arn := w.Run("arn")
	w.Eventually("the pull was refused once", func() bool { return refused.Load() > before })
	began := time.Now()
	if _, err := w.ECS.StopTask(t.Context(), &ecs.StopTaskInput{Task: aws.String(arn)}); err != nil {
		t.Fatal(err)
	}
	if task := w.Until(arn, "STOPPED"); task.StopCode != types.TaskStopCodeUserInitiated || time.Since(began) > 5*time.Second {
		t.Errorf("stopped while it waits: %s %s after %s", task.StopCode, aws.ToString(task.StoppedReason), time.Since(began))
	}
	nowhereOnDisk(t, w.Dir, registryPassword)
}

// nowhereOnDisk looks for a secret in every file of a data dir.
func nowhereOnDisk(t *testing.T, dir, secret string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte(secret)) {
			t.Errorf("the password is in %s", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
