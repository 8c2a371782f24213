package ecr_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// command runs a program that must be installed, with AWS's variables set.
func (h *house) command(stdin, name string, args ...string) string {
	h.t.Helper()
	if _, err := exec.LookPath(name); err != nil || testing.Short() {
		h.t.Skipf("no %s command, or -short", name)
	}
	cmd := exec.CommandContext(h.t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.t.TempDir(), "LC_ALL=C.UTF-8", "AWS_ACCESS_KEY_ID=" + testScope.Account, "AWS_SECRET_ACCESS_KEY=x",
		"AWS_DEFAULT_REGION=" + testScope.Region, "AWS_ENDPOINT_URL=http://" + h.host,
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestSkopeo(t *testing.T) {
	h := open(t)
	h.create("app", "copy")
	dgst := h.pushed("app:1", "for skopeo")
	password := h.command("", "aws", "ecr", "get-login-password")
	layout := filepath.Join(t.TempDir(), "layout")
	h.command("", "skopeo", "copy", "--src-tls-verify=false", "docker://"+h.host+"/app:1", "oci:"+layout+":1")
	h.command("", "skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", "AWS:"+password, "oci:"+layout+":1", "docker://"+h.host+"/copy:2")
	if got := h.command("", "skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}} {{.RepoTags}}", "docker://"+h.host+"/copy:2"); !strings.Contains(got, "[2]") {
		t.Error(got)
	}
	if got := h.command("", "skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://"+h.host+"/app:1"); got != dgst {
		t.Errorf("%s, want %s", got, dgst)
	}
	h.command(password, "skopeo", "login", "--tls-verify=false", "--authfile", filepath.Join(t.TempDir(), "auth"), "-u", "AWS", "--password-stdin", h.host)
}

func TestCLI(t *testing.T) {
	h := open(t)
	aws := func(args ...string) string {
		return h.command("", "aws", append([]string{"--output", "text", "ecr"}, args...)...)
	}
	if got := aws("create-repository", "--repository-name", "team/app", "--tags", "Key=a,Value=b", "--query", "repository.repositoryUri"); got != "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app" {
		t.Error(got)
	}
	h.pushed("team/app:1", "x")
	manifest := aws("batch-get-image", "--repository-name", "team/app", "--image-ids", "imageTag=1", "--query", "images[].imageManifest")
	aws("put-image", "--repository-name", "team/app", "--image-tag", "2", "--image-manifest", manifest)
	if got := aws("describe-images", "--repository-name", "team/app", "--query", "imageDetails[].imageTags[]"); got != "1\t2" {
		t.Error(got)
	}
}

// docker login asks only whether the registry takes the password.
func TestDockerLogin(t *testing.T) {
	h := open(t)
	password := h.command("", "aws", "ecr", "get-login-password")
	if got := h.command(password, "docker", "login", "-u", "AWS", "--password-stdin", h.host); !strings.Contains(got, "Login Succeeded") {
		t.Error(got)
	}
}
