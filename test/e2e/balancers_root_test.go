package e2e

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hatoba/hatoba/test/harness"
)

// balanced is a balancer with a group behind its port 80.
type balanced struct {
	*harness.World
	*testing.T
	elb            *elb.Client
	balancer       types.LoadBalancer
	group, address string
}

func balance(t *testing.T, w *harness.World, port int32) *balanced {
	t.Helper()
	keys := credentials.NewStaticCredentialsProvider("123456789012", "secret", "")
	b := &balanced{World: w, T: t, elb: elb.New(elb.Options{Region: harness.Region, BaseEndpoint: aws.String("http://" + w.Listen), Credentials: keys})}
	made, err := b.elb.CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{Name: aws.String("web"), Subnets: []string{"subnet-11111111", "subnet-22222222"}})
	if err != nil {
		t.Fatal(err)
	}
	b.balancer = made.LoadBalancers[0]
	b.address = *b.balancer.AvailabilityZones[0].LoadBalancerAddresses[0].IpAddress
	group, err := b.elb.CreateTargetGroup(t.Context(), &elb.CreateTargetGroupInput{
		Name: aws.String("web"), Protocol: types.ProtocolEnumHttp, Port: &port, TargetType: types.TargetTypeEnumIp, VpcId: b.balancer.VpcId,
		HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.group = *group.TargetGroups[0].TargetGroupArn
	b.listen(80, types.ProtocolEnumHttp)
	if err := elb.NewLoadBalancerAvailableWaiter(b.elb, func(o *elb.LoadBalancerAvailableWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, time.Second
	}).Wait(t.Context(), &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{*b.balancer.LoadBalancerArn}}, time.Minute); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *balanced) listen(port int32, protocol types.ProtocolEnum, certificates ...string) string {
	b.Helper()
	in := &elb.CreateListenerInput{
		LoadBalancerArn: b.balancer.LoadBalancerArn, Port: &port, Protocol: protocol,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &b.group}},
	}
	if len(certificates) > 0 {
		in.Certificates = []types.Certificate{{CertificateArn: &certificates[0]}}
	}
	out, err := b.elb.CreateListener(b.Context(), in)
	if err != nil {
		b.Fatal(err)
	}
	for _, arn := range certificates[min(1, len(certificates)):] {
		if _, err := b.elb.AddListenerCertificates(b.Context(), &elb.AddListenerCertificatesInput{ListenerArn: out.Listeners[0].ListenerArn, Certificates: []types.Certificate{{CertificateArn: &arn}}}); err != nil {
			b.Fatal(err)
		}
	}
	return *out.Listeners[0].ListenerArn
}

func (b *balanced) register(address string) []types.TargetDescription {
	b.Helper()
	targets := []types.TargetDescription{{Id: &address}}
	if _, err := b.elb.RegisterTargets(b.Context(), &elb.RegisterTargetsInput{TargetGroupArn: &b.group, Targets: targets}); err != nil {
		b.Fatal(err)
	}
	if err := elb.NewTargetInServiceWaiter(b.elb, func(o *elb.TargetInServiceWaiterOptions) { o.MinDelay, o.MaxDelay = time.Millisecond*100, time.Second }).Wait(b.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: &b.group, Targets: targets}, time.Minute); err != nil {
		b.Fatal(err)
	}
	return targets
}

func TestALoadBalancerInFrontOfATask(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("web", nil, w.Container("app", "serve", "8080"))
	web := w.Run("web")
	task := w.Until(web, "RUNNING")
	b := balance(t, w, 8080)
	targets := b.register(harness.Address(task))

	// The task answers with who asks: the balancer's own address.
	if got, err := harness.Get("http://" + b.address + "/"); got != b.address {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := byHost(w.Listen, *b.balancer.DNSName); got != b.address {
		t.Errorf("by host name: %q, %v", got, err)
	}
	w.Register("client", nil, w.Container("app", "get", "http://"+*b.balancer.DNSName+"/"))
	client := w.Run("client")
	w.Until(client, "STOPPED")
	if lines := w.Lines(client, "app"); len(lines) != 1 || lines[0] != b.address {
		t.Errorf("from a task, by name: %q", lines)
	}

	w.Kill()
	w.Up()
	w.Eventually("the balancer is back", func() bool { got, _ := harness.Get("http://" + b.address + "/"); return got == b.address })

	delay := []types.TargetGroupAttribute{{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("1")}}
	if _, err := b.elb.ModifyTargetGroupAttributes(t.Context(), &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &b.group, Attributes: delay}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.elb.DeregisterTargets(t.Context(), &elb.DeregisterTargetsInput{TargetGroupArn: &b.group, Targets: targets}); err != nil {
		t.Fatal(err)
	}
	if err := elb.NewTargetDeregisteredWaiter(b.elb, func(o *elb.TargetDeregisteredWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond*100, time.Second
	}).Wait(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: &b.group, Targets: targets}, time.Minute); err != nil {
		t.Error(err)
	}
	if _, err := b.elb.DeleteLoadBalancer(t.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: b.balancer.LoadBalancerArn}); err != nil {
		t.Fatal(err)
	}
	w.Eventually("its address is gone", func() bool {
		addrs, _ := net.InterfaceAddrs()
		for _, a := range addrs {
			if strings.HasPrefix(a.String(), b.address+"/") {
				return false
			}
		}
		return true
	})
	w.Stop(web)
}

// byHost asks the API's port for what a name stands for.
func byHost(listen, name string) (string, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+listen+"/", nil)
	if err != nil {
		return "", err
	}
	r.Host = name
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

func TestTLSByNameAndAccessLogs(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("web", nil, w.Container("app", "serve", "8080"))
	task := w.Until(w.Run("web"), "RUNNING")
	b := balance(t, w, 8080)
	b.register(harness.Address(task))
	keys := credentials.NewStaticCredentialsProvider("123456789012", "secret", "")
	certificates := acm.New(acm.Options{Region: harness.Region, BaseEndpoint: aws.String("http://" + w.Listen), Credentials: keys})
	var arns []string
	for _, name := range []string{"shop.example.com", "*.other.example.com"} {
		out, err := certificates.RequestCertificate(t.Context(), &acm.RequestCertificateInput{DomainName: aws.String(name)})
		if err != nil {
			t.Fatal(err)
		}
		arns = append(arns, *out.CertificateArn)
	}
	b.listen(443, types.ProtocolEnumHttps, arns...)

	if _, err := w.S3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("lb-logs")}); err != nil {
		t.Fatal(err)
	}
	logs := []types.LoadBalancerAttribute{{Key: aws.String("access_logs.s3.enabled"), Value: aws.String("true")}, {Key: aws.String("access_logs.s3.bucket"), Value: aws.String("lb-logs")}}
	if _, err := b.elb.ModifyLoadBalancerAttributes(t.Context(), &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.balancer.LoadBalancerArn, Attributes: logs}); err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(w.Dir, "tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, b.address+":443")
		},
	}}
	for _, name := range []string{"shop.example.com", "a.other.example.com"} {
		w.Eventually(name+" answers", func() bool {
			res, err := client.Get("https://" + name + "/")
			if err != nil {
				return false
			}
			defer res.Body.Close()
			return res.StatusCode == http.StatusOK
		})
	}
	if res, err := client.Get("https://somebody.else.example/"); err == nil {
		res.Body.Close()
		t.Error("a certificate for another name was believed")
	}
	w.Down() // ships what there is
	w.Up()
	page, err := w.S3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("lb-logs"), Prefix: aws.String("AWSLogs/123456789012/elasticloadbalancing/")})
	if err != nil || len(page.Contents) == 0 {
		t.Fatalf("%+v, %v", page, err)
	}
	object, err := w.S3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("lb-logs"), Key: page.Contents[0].Key})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	plain, err := gzip.NewReader(object.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil || !strings.Contains(string(text), "https://shop.example.com:443/") {
		t.Errorf("%s %v", text, err)
	}
}
