package drills

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/review"
)

// front is where the service is asked as its users ask it.
type front struct {
	url    string
	client *http.Client
}

// requestTime bounds one request of a load.
const requestTime = 10 * time.Second

// actor is the service that is acted on: the copy, or the live one.
func (s *stage) actor(ctx context.Context) (string, error) {
	if s.live {
		return s.target.name(), s.settle(ctx)
	}
	if !s.copied {
		if err := s.copyService(ctx); err != nil {
			return "", err
		}
		began := time.Now()
		if err := until(ctx, func() (bool, error) { return s.whole(ctx, s.noted.name()) }); err != nil {
			return "", fmt.Errorf("the copy of the service did not become stable: %w", err)
		}
		s.say("it is stable after %.1f s", "%.1f 秒後に安定", time.Since(began).Seconds())
		s.copied = true
	}
	tasks, err := s.running(ctx, s.noted.name())
	for _, t := range tasks {
		s.saw(t)
	}
	return s.noted.name(), err
}

// whole tells whether a service has all its tasks, its deployment is complete
// and its targets are healthy.
func (s *stage) whole(ctx context.Context, name string) (bool, error) {
	svc, err := s.described(ctx, name)
	if err != nil || len(svc.Deployments) != 1 || svc.RunningCount < svc.DesiredCount || svc.PendingCount > 0 {
		return false, err
	}
	if svc.Deployments[0].RolloutState == types.DeploymentRolloutStateFailed {
		return false, fmt.Errorf("the deployment failed: %s", aws.ToString(svc.Deployments[0].RolloutStateReason))
	}
	tasks, err := s.running(ctx, name)
	if err != nil || len(tasks) < int(svc.DesiredCount) || svc.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
		return false, err
	}
	group := s.group
	if s.live {
		group = s.target.group
	}
	if group == nil {
		return true, nil
	}
	out, err := elb.NewFromConfig(s.cfg).DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: group.TargetGroupArn})
	if err != nil {
		return false, err
	}
	healthy := 0
	for _, h := range out.TargetHealthDescriptions {
		if h.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy {
			healthy++
		}
	}
	return healthy >= int(svc.DesiredCount), nil
}

func (s *stage) described(ctx context.Context, name string) (types.Service, error) {
	out, err := s.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &s.target.cluster, Services: []string{name}})
	if err == nil && len(out.Services) == 0 {
		err = fmt.Errorf("service %s is gone", name)
	}
	if err != nil {
		return types.Service{}, err
	}
	s.hear(&out.Services[0])
	return out.Services[0], nil
}

// balanced is an error where no load balancer's requests could be counted.
func (s *stage) balanced() error {
	if s.target.group != nil && (!s.live || s.target.listener != nil) {
		return nil
	}
	return cannot(review.Say("no load balancer's listener leads to the service by default, so nobody can count its requests", "サービスに既定で向くロードバランサーのリスナーがなく、リクエストを数えられない"),
		review.Say("put the service behind a load balancer, or judge by its own metrics", "ロードバランサーの背後に置くか、サービス自身のメトリクスで判断してください"))
}

// entrance is the way in through the load balancer.
func (s *stage) entrance(ctx context.Context) (*front, error) {
	if err := s.balanced(); err != nil {
		return nil, err
	}
	listener := s.listener
	if s.live {
		listener = s.target.listener
	}
	scheme := "http"
	if listener.Protocol == elbtypes.ProtocolEnumHttps || listener.Protocol == elbtypes.ProtocolEnumTls {
		scheme = "https"
	}
	host, port := aws.ToString(s.target.balancer.DNSName), strconv.Itoa(int(aws.ToInt32(listener.Port)))
	f := &front{url: scheme + "://" + net.JoinHostPort(host, port) + s.target.probe(s.set), client: &http.Client{
		Timeout:       requestTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16, DialContext: dialer(s.target.balancer, port), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // what is measured is whether it answers
	}}
	opening, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	var why error
	err := until(opening, func() (bool, error) {
		var r reply
		r, why = f.ask(opening)
		return why == nil && !r.lost(), nil
	})
	if err != nil {
		f.client.CloseIdleConnections()
		said := "5xx"
		if why != nil {
			said = why.Error()
		}
		return nil, cannot(review.Say("%s does not answer from here: %s", "%s がここから応答しない: %s", f.url, said),
			review.Say("run the drill where the load balancer can be reached, or name a path that answers: drill.probe in hatoba-review.json", "ロードバランサーに届く場所で実行するか、hatoba-review.json の drill.probe に応答するパスを指定してください"))
	}
	return f, nil
}

// dialer goes to the addresses of a balancer, where its API tells them: a name
// may be known inside only.
func dialer(lb *elbtypes.LoadBalancer, port string) func(ctx context.Context, network, address string) (net.Conn, error) {
	var known []string
	for _, zone := range lb.AvailabilityZones {
		for _, a := range zone.LoadBalancerAddresses {
			if ip := aws.ToString(a.IpAddress); ip != "" {
				known = append(known, net.JoinHostPort(ip, port))
			}
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if len(known) > 0 {
			address = known[rand.IntN(len(known))]
		}
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
	}
}
