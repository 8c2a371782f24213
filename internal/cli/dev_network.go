package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/hatoba/hatoba/internal/config"
)

// defaultSubnets are the subnets of the default VPC. The request is made by hand:
// the SDK's package of EC2 is larger than all others together.
func defaultSubnets(ctx context.Context, c config.Config) ([]string, error) {
	body := url.Values{
		"Action": {"DescribeSubnets"}, "Version": {"2016-11-15"}, "Filter.1.Name": {"default-for-az"}, "Filter.1.Value.1": {"true"},
	}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint(c)+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	credentials, err := keys(c)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), "ec2", c.Region, time.Now()); err != nil {
		return nil, err
	}
	h, err := client(c)
	if err != nil {
		return nil, err
	}
	answer, err := h.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	var found struct {
		Subnets []string `xml:"subnetSet>item>subnetId"`
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("DescribeSubnets: %s: %s", answer.Status, text)
	}
	if err := xml.Unmarshal(text, &found); err != nil {
		return nil, err
	}
	if len(found.Subnets) == 0 {
		return nil, errors.New("there is no default VPC: name subnets in hatoba.dev.yml or network.json")
	}
	return found.Subnets, nil
}

// balancerURL is where the load balancer of a target group is reached from this
// machine, "" while it has none.
func balancerURL(ctx context.Context, c config.Config, group string) (string, error) {
	api := elb.NewFromConfig(sdk(c))
	groups, err := api.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{group}})
	if err != nil || len(groups.TargetGroups) == 0 || len(groups.TargetGroups[0].LoadBalancerArns) == 0 {
		return "", err
	}
	balancers, err := api.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: groups.TargetGroups[0].LoadBalancerArns[:1]})
	if err != nil || len(balancers.LoadBalancers) == 0 {
		return "", err
	}
	_, port, err := net.SplitHostPort(c.Listen)
	return "http://" + net.JoinHostPort(aws.ToString(balancers.LoadBalancers[0].DNSName), port) + "/", err
}
