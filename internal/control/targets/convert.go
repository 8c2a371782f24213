package targets

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/state"
)

// settings reads attributes; one that was not set is the zero value, which is
// the plane's word for AWS's default.
type settings map[string]string

func (s settings) is(key, value string) bool { return s[key] == value }

func (s settings) number(key string) int {
	n, _ := strconv.Atoi(s[key]) // checked when it was set; "off" is none
	return n
}

func (s settings) seconds(key string) time.Duration {
	return time.Duration(s.number(key)) * time.Second
}

// balancer is a balancer as the plane has it. It is known by its first address;
// the others are accepted on as well.
func balancer(b state.LoadBalancer, ingress []netip.Addr) lb.Balancer {
	out := lb.Balancer{ID: b.ARN, Name: b.ID(), Hosts: hosts(b)}
	for i, z := range b.Zones {
		if i == 0 {
			out.Address = z.Address
		} else {
			out.Ingress = append(out.Ingress, z.Address)
		}
	}
	if b.Scheme == internetFacing {
		out.Ingress = append(out.Ingress, ingress...)
	}
	if b.Type == string(elbtypes.LoadBalancerTypeEnumNetwork) {
		out.Kind = lb.Network
		return out
	}
	s := settings(b.Attributes)
	out.HTTP = lb.HTTPAttributes{
		IdleTimeout: s.seconds("idle_timeout.timeout_seconds"), ClientKeepAlive: s.seconds("client_keep_alive.seconds"),
		DisableHTTP2: s.is("routing.http2.enabled", "false"), DropInvalidHeaders: s.is("routing.http.drop_invalid_header_fields.enabled", "true"),
		PreserveHost: s.is("routing.http.preserve_host_header.enabled", "true"), ForwardedForPort: s.is("routing.http.xff_client_port.enabled", "true"),
		TLSHeaders: s.is("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "true"), AccessLog: s.is("access_logs.s3.enabled", "true"),
	}
	switch s["routing.http.xff_header_processing.mode"] {
	case "preserve":
		out.HTTP.ForwardedFor = lb.PreserveForwardedFor
	case "remove":
		out.HTTP.ForwardedFor = lb.RemoveForwardedFor
	}
	switch s["routing.http.desync_mitigation_mode"] {
	case "strictest":
		out.HTTP.Desync = lb.Strictest
	case "monitor":
		out.HTTP.Desync = lb.Monitor
	}
	return out
}

// internetFacing is the scheme of balancers that are reached from outside.
const internetFacing = string(elbtypes.LoadBalancerSchemeEnumInternetFacing)

func protocol(name string) lb.Protocol {
	switch name {
	case "HTTPS":
		return lb.HTTPS
	case "TCP":
		return lb.TCP
	case "TLS":
		return lb.TLS
	}
	return lb.HTTP
}

// listener is a listener with its rules and certificates.
func (l *Loop) listener(key state.Key, r state.Listener) lb.Listener {
	scope := key.Scope()
	out := lb.Listener{
		ID: r.ARN, Balancer: scope.ARN("elasticloadbalancing", "loadbalancer/"+r.Balancer), Protocol: protocol(r.Protocol), Port: uint16(r.Port),
		IdleTimeout: settings(r.Attributes).seconds("tcp.idle_timeout.seconds"),
	}
	for _, rule := range l.table.rules[key] {
		if rule.Priority == 0 {
			out.Default = action(rule.Actions)
			continue
		}
		out.Rules = append(out.Rules, planeRule(rule))
	}
	slices.SortFunc(out.Rules, func(a, b lb.Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	if r.Protocol != "HTTPS" && r.Protocol != "TLS" {
		return out
	}
	policy, _ := state.TLSPolicyNamed(r.Policy)
	out.TLS = &lb.ListenerTLS{MinVersion: policy.Min, MaxVersion: policy.Max, ALPN: alpn(r.ALPN)}
	for _, c := range policy.Ciphers {
		out.TLS.CipherSuites = append(out.TLS.CipherSuites, c.ID)
	}
	for _, arn := range r.Certificates {
		id := scope.Key(state.CertificateID(arn))
		record, ok := l.table.certificates[id]
		if !ok {
			continue
		}
		pair, err := l.cfg.Certificate(id, record)
		if err != nil {
			l.cfg.Log.Error("a listener's certificate cannot be used", "listener", r.ARN, "error", err)
			continue
		}
		out.TLS.Certificates = append(out.TLS.Certificates, lb.Certificate{ID: arn, Certificate: pair})
	}
	return out
}

// alpn are the protocols of a policy.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/create-tls-listener.html#alpn-policies
func alpn(policy []string) []string {
	if len(policy) == 0 {
		return nil
	}
	switch policy[0] {
	case "HTTP1Only":
		return []string{"http/1.1", "http/1.0"}
	case "HTTP2Only":
		return []string{"h2"}
	case "HTTP2Optional":
		return []string{"http/1.1", "http/1.0", "h2"}
	case "HTTP2Preferred":
		return []string{"h2", "http/1.1", "http/1.0"}
	}
	return nil
}

func planeRule(r state.Rule) lb.Rule {
	out := lb.Rule{ID: r.ARN, Priority: int(r.Priority), Action: action(r.Actions)}
	for _, c := range r.Conditions {
		out.Conditions = append(out.Conditions, condition(c))
	}
	for _, t := range r.Transforms {
		if t.HostHeaderRewriteConfig != nil {
			out.RewriteHost = append(out.RewriteHost, rewrites(t.HostHeaderRewriteConfig.Rewrites)...)
		}
		if t.UrlRewriteConfig != nil {
			out.RewriteURL = append(out.RewriteURL, rewrites(t.UrlRewriteConfig.Rewrites)...)
		}
	}
	return out
}

func rewrites(list []elbtypes.RewriteConfig) (out []lb.Rewrite) {
	for _, r := range list {
		for _, re := range compiled([]string{aws.ToString(r.Regex)}) {
			out = append(out, lb.Rewrite{Regex: re, Replace: aws.ToString(r.Replace)})
		}
	}
	return out
}

// compiled are expressions that were checked when they were set.
func compiled(list []string) (out []*regexp.Regexp) {
	for _, text := range list {
		if re, err := regexp.Compile(text); err == nil {
			out = append(out, re)
		}
	}
	return out
}

func condition(c elbtypes.RuleCondition) lb.Condition {
	switch aws.ToString(c.Field) {
	case "host-header":
		return lb.Condition{Field: lb.HostHeader, Values: c.Values, Regexes: compiled(c.RegexValues)}
	case "path-pattern":
		return lb.Condition{Field: lb.PathPattern, Values: c.Values, Regexes: compiled(c.RegexValues)}
	case "http-header":
		h := c.HttpHeaderConfig
		return lb.Condition{Field: lb.HTTPHeader, Header: aws.ToString(h.HttpHeaderName), Values: h.Values, Regexes: compiled(h.RegexValues)}
	case "http-request-method":
		return lb.Condition{Field: lb.HTTPMethod, Values: c.HttpRequestMethodConfig.Values}
	case "query-string":
		out := lb.Condition{Field: lb.QueryString}
		for _, p := range c.QueryStringConfig.Values {
			out.Query = append(out.Query, lb.QueryPair{Key: aws.ToString(p.Key), Value: aws.ToString(p.Value)})
		}
		return out
	}
	out := lb.Condition{Field: lb.SourceIP}
	for _, text := range c.SourceIpConfig.Values {
		if p, err := netip.ParsePrefix(text); err == nil {
			out.Sources = append(out.Sources, p)
		}
	}
	return out
}

func action(list []elbtypes.Action) lb.Action {
	for _, a := range list {
		switch {
		case a.RedirectConfig != nil:
			r := a.RedirectConfig
			out := &lb.Redirect{
				Status: 302, Protocol: aws.ToString(r.Protocol), Host: aws.ToString(r.Host), Port: aws.ToString(r.Port), Path: aws.ToString(r.Path), Query: aws.ToString(r.Query),
			}
			if r.StatusCode == elbtypes.RedirectActionStatusCodeEnumHttp301 {
				out.Status = 301
			}
			return lb.Action{Redirect: out}
		case a.FixedResponseConfig != nil:
			f := a.FixedResponseConfig
			status, _ := strconv.Atoi(aws.ToString(f.StatusCode))
			return lb.Action{Fixed: &lb.Fixed{Status: status, ContentType: aws.ToString(f.ContentType), Body: aws.ToString(f.MessageBody)}}
		case a.ForwardConfig != nil:
			out := &lb.Forward{}
			for _, g := range a.ForwardConfig.TargetGroups {
				out.Groups = append(out.Groups, lb.WeightedGroup{Group: aws.ToString(g.TargetGroupArn), Weight: int(aws.ToInt32(g.Weight))})
			}
			if s := a.ForwardConfig.TargetGroupStickinessConfig; s != nil && aws.ToBool(s.Enabled) {
				out.Sticky = time.Duration(aws.ToInt32(s.DurationSeconds)) * time.Second
			}
			return lb.Action{Forward: out}
		}
	}
	return lb.Action{Fixed: &lb.Fixed{Status: 503}}
}

// group is a target group as the plane has it.
func group(g state.TargetGroup) lb.Group {
	s := settings(g.Attributes)
	out := lb.Group{
		ID: g.ARN, Name: "targetgroup/" + g.ID(), Protocol: protocol(g.Protocol), SlowStart: s.seconds("slow_start.duration_seconds"),
		MinHealthy:        s.number("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"),
		MinHealthyPercent: s.number("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"),
		ProxyProtocol:     s.is("proxy_protocol_v2.enabled", "true"), CutDrained: s.is("deregistration_delay.connection_termination.enabled", "true"),
		KeepUnhealthy: s.is("target_health_state.unhealthy.connection_termination.enabled", "false"),
	}
	switch g.ProtocolVersion {
	case "HTTP2":
		out.Version = lb.HTTP2
	case "GRPC":
		out.Version = lb.GRPC
	}
	switch s["load_balancing.algorithm.type"] {
	case "least_outstanding_requests":
		out.Algorithm = lb.LeastOutstanding
	case "weighted_random":
		out.Algorithm = lb.WeightedRandom
	}
	if !s.is("stickiness.enabled", "true") {
		return out
	}
	switch {
	case out.Protocol == lb.TCP || out.Protocol == lb.TLS:
		out.Sticky = lb.SourceAddress
	case s.is("stickiness.type", "app_cookie"):
		out.Sticky, out.CookieName, out.StickyFor = lb.ApplicationCookie, s["stickiness.app_cookie.cookie_name"], s.seconds("stickiness.app_cookie.duration_seconds")
	default:
		out.Sticky, out.StickyFor = lb.BalancerCookie, s.seconds("stickiness.lb_cookie.duration_seconds")
	}
	return out
}

func planeTarget(key state.Key, t state.Target, g state.TargetGroup, place netip.AddrPort) lb.Target {
	out := lb.Target{ID: state.PlaneTargetID(key), Group: g.ARN, Address: place}
	switch {
	case t.Draining != nil:
		out.State = lb.Draining
	case t.Health.State == healthy:
		out.State, out.HealthySince = lb.Healthy, t.Health.Since
	case t.Health.State == unhealthy:
		out.State = lb.Unhealthy
	}
	return out
}
