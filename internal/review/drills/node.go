package drills

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/review"
)

// node asks a Hatoba for what the AWS APIs do not tell.
type node struct {
	cfg  aws.Config
	base string
}

// findNode looks whether the endpoint is a Hatoba; nil if it is not.
func findNode(ctx context.Context, cfg aws.Config) *node {
	if cfg.BaseEndpoint == nil {
		return nil
	}
	n := &node{cfg: cfg, base: strings.TrimRight(*cfg.BaseEndpoint, "/")}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	body, err := n.ask(ctx, http.MethodGet, "/_hatoba/health")
	var health struct{ Status string }
	if err != nil || json.Unmarshal(body, &health) != nil || health.Status == "" {
		return nil
	}
	return n
}

// elsewhere is what drills say that need a Hatoba.
func elsewhere(what review.Text) error {
	return cannot(review.Say("%s cannot be asked here: no AWS API tells or does it", "ここでは%sを調べられない: AWS の API にその手段がない", what),
		review.Say("run this drill against a Hatoba: --endpoint URL", "Hatoba に対して実行してください: --endpoint URL"))
}

// inside is what a task's containers are, seen from their machine.
func (n *node) inside(ctx context.Context, task string) (out protocol.Sight, err error) {
	body, err := n.ask(ctx, http.MethodGet, "/_hatoba/tasks/"+url.PathEscape(last(task))+"/inside")
	if err == nil {
		err = json.Unmarshal(body, &out)
	}
	return out, err
}

// kill sends SIGKILL to a container's process.
func (n *node) kill(ctx context.Context, task, container string) error {
	_, err := n.ask(ctx, http.MethodPost, "/_hatoba/tasks/"+url.PathEscape(last(task))+"/kill?container="+url.QueryEscape(container))
	return err
}

func (n *node) ask(ctx context.Context, method, page string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, n.base+page, nil)
	if err != nil {
		return nil, err
	}
	if n.cfg.Credentials != nil {
		const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		if key, err := n.cfg.Credentials.Retrieve(ctx); err == nil {
			if err := v4.NewSigner().SignHTTP(ctx, key, r, empty, "hatoba", n.cfg.Region, time.Now()); err != nil {
				return nil, err
			}
		}
	}
	var client interface {
		Do(*http.Request) (*http.Response, error)
	} = http.DefaultClient
	if n.cfg.HTTPClient != nil {
		client = n.cfg.HTTPClient
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, strings.TrimSpace(string(body[:min(len(body), 300)])))
	}
	return body, err
}

// last is the last part of an ARN.
func last(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// processOf is the number of a container's process; 0 if it does not run.
func processOf(seen protocol.Sight, container string) int {
	for _, c := range seen.Containers {
		if c.Name == container {
			return c.Process
		}
	}
	return 0
}
