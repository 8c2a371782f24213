package lb

import (
	"crypto/tls"
	"net/netip"
	"regexp"
	"time"
)

// Change is what Plane.Apply is given: records that are new or other than
// before, whole, and the ids of those that are gone. Its cost is that of what it
// names, however large the table is. Records may come in any order: a rule may
// forward to a group that has not come yet, which answers 503 until it does.
//
// The plane keeps what a Change points to; nobody writes to it afterwards.
type Change struct {
	Reset bool // everything that this change does not name is gone

	Balancers []Balancer
	Listeners []Listener
	Groups    []Group
	Targets   []Target

	GoneBalancers []string
	GoneListeners []string
	GoneGroups    []string
	GoneTargets   []string
}

// Kind is what a balancer is.
type Kind uint8

const (
	Application Kind = iota
	Network
)

// Balancer is a load balancer. Ids here and below are the feeder's own, most
// usefully ARNs: they stand in access logs, counters and errors.
type Balancer struct {
	ID   string
	Name string // app/NAME/ID or net/NAME/ID, as access logs and metrics name it
	Kind Kind

	// Address is its own: its listeners accept there, and what it sends to
	// targets comes from there. It need not be up yet when it is applied.
	Address netip.Addr

	// Ingress are further addresses its listeners accept on, for example
	// 0.0.0.0. A port that somebody else has there is told by Options.Bound and
	// tried again.
	Ingress []netip.Addr

	// Hosts are the names, in lower case and without port, under which
	// Plane.ServeFront answers for it.
	Hosts []string

	HTTP HTTPAttributes // Application only
}

// HTTPAttributes are an application load balancer's attributes, as AWS names
// and means them. The zero value is AWS's default but for what says otherwise.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
type HTTPAttributes struct {
	IdleTimeout        time.Duration // 0: 60 s
	ClientKeepAlive    time.Duration // 0: 3600 s
	DisableHTTP2       bool          // routing.http2.enabled is false
	DropInvalidHeaders bool
	PreserveHost       bool
	ForwardedFor       ForwardedFor
	ForwardedForPort   bool // routing.http.xff_client_port.enabled
	TLSHeaders         bool // routing.http.x_amzn_tls_version_and_cipher_suite.enabled
	Desync             Desync
	AccessLog          bool // requests are told to Options.AccessLog
}

// ForwardedFor is routing.http.xff_header_processing.mode.
type ForwardedFor uint8

const (
	AppendForwardedFor ForwardedFor = iota
	PreserveForwardedFor
	RemoveForwardedFor
)

// Desync is routing.http.desync_mitigation_mode. A request whose end two parsers
// could see in two places is refused in every mode, Monitor too.
type Desync uint8

const (
	Defensive Desync = iota
	Strictest
	Monitor
)

// Protocol is what a listener or a group speaks. UDP and TCP_UDP are not among
// them: the API refuses such listeners and groups by name.
type Protocol uint8

const (
	HTTP  Protocol = iota
	HTTPS          // to targets: their certificates are not verified, as AWS does not
	TCP
	TLS // as HTTPS
)

// Listener accepts on its balancer's addresses.
type Listener struct {
	ID       string
	Balancer string
	Protocol Protocol
	Port     uint16

	TLS *ListenerTLS // HTTPS and TLS

	// Rules are tried in this order, by priority. Default is for a request that
	// none matches, and all there is for TCP and TLS, where it forwards.
	Rules   []Rule
	Default Action

	// IdleTimeout is tcp.idle_timeout.seconds of TCP and TLS listeners. 0: 350 s.
	IdleTimeout time.Duration
}

// ListenerTLS is how a listener speaks TLS. The client's SNI chooses among the
// certificates: an exact name before a wildcard, the first of all when none fits.
type ListenerTLS struct {
	Certificates []Certificate
	MinVersion   uint16   // 0: TLS 1.2
	MaxVersion   uint16   // 0: TLS 1.3
	CipherSuites []uint16 // of TLS 1.2 and below; nil: Go's
	ALPN         []string // TLS listeners only, what AlpnPolicy means
}

// Certificate is one with its key and its parsed Leaf.
type Certificate struct {
	ID string
	*tls.Certificate
}

// Rule sends a request that fulfils all its conditions to its action.
type Rule struct {
	ID         string
	Priority   int
	Conditions []Condition
	Action     Action

	RewriteHost []Rewrite // transforms, done on what is sent to the target
	RewriteURL  []Rewrite // of path and query
}

// Rewrite replaces the first match of a regular expression; $1 to $9 are what
// its groups matched.
type Rewrite struct {
	Regex   *regexp.Regexp
	Replace string
}

// Field is what of a request a condition looks at.
type Field uint8

const (
	HostHeader  Field = iota // Values, * and ? are wildcards, case does not matter
	PathPattern              // Values, case matters
	HTTPHeader               // Header, Values; case does not matter
	QueryString              // Query; case does not matter
	HTTPMethod               // Values, exactly
	SourceIP                 // Sources; the address of the connection, not X-Forwarded-For
)

// Condition is fulfilled when one of its values is. Values may be instead, or
// besides, Regexes: of the host, the path or the header.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
type Condition struct {
	Field   Field
	Header  string
	Values  []string
	Regexes []*regexp.Regexp
	Query   []QueryPair
	Sources []netip.Prefix
}

// QueryPair is a key and a value of a query string, with wildcards; a Key of ""
// is any.
type QueryPair struct{ Key, Value string }

// Action is what is done with a request. Exactly one field is set.
type Action struct {
	Forward  *Forward
	Redirect *Redirect
	Fixed    *Fixed
}

// Forward sends to one of its groups, by weight.
type Forward struct {
	Groups []WeightedGroup
	Sticky time.Duration // target group stickiness; 0: none
}

// WeightedGroup is a group and its share. Of one group alone the weight does
// not matter, unless it is 0.
type WeightedGroup struct {
	Group  string
	Weight int
}

// Redirect answers with a place. In its parts #{protocol}, #{host}, #{port},
// #{path} and #{query} stand for the request's; a part that is "" keeps it.
// Path is with its leading slash, #{path} without, as AWS has it.
type Redirect struct {
	Status                            int // 301 or 302
	Protocol, Host, Port, Path, Query string
}

// Fixed answers by itself.
type Fixed struct {
	Status      int
	ContentType string
	Body        string
}

// Version is what an HTTP or HTTPS group's targets speak.
type Version uint8

const (
	HTTP1 Version = iota
	HTTP2         // without TLS: prior knowledge
	GRPC
)

// Algorithm is load_balancing.algorithm.type. Network load balancers choose by
// a hash of the connection.
type Algorithm uint8

const (
	RoundRobin Algorithm = iota
	LeastOutstanding
	WeightedRandom
)

// Stickiness is stickiness.type.
type Stickiness uint8

const (
	NotSticky Stickiness = iota
	BalancerCookie
	ApplicationCookie
	SourceAddress // network load balancers
)

// Group is a target group.
type Group struct {
	ID       string
	Name     string // targetgroup/NAME/ID
	Protocol Protocol
	Version  Version

	Algorithm  Algorithm
	Sticky     Stickiness
	StickyFor  time.Duration // 0: a day
	CookieName string        // ApplicationCookie
	SlowStart  time.Duration // RoundRobin only; 0: none

	// Below either of these, targets that are not healthy get requests too:
	// target_group_health.unhealthy_state_routing. 0 of the first means 1.
	MinHealthy        int
	MinHealthyPercent int

	// Of network load balancers.
	ProxyProtocol bool // proxy_protocol_v2.enabled
	CutDrained    bool // deregistration_delay.connection_termination.enabled
	KeepUnhealthy bool // target_health_state.unhealthy.connection_termination.enabled is false
}

// TargetState is what the plane needs to know of a target's health.
type TargetState uint8

const (
	// Initial, as Unhealthy, gets requests only where too few are healthy.
	Initial TargetState = iota
	Healthy
	Unhealthy
	// Draining gets nothing new. What is under way goes on, until the target is
	// gone from the table: then an application load balancer cuts it.
	Draining
)

// Target is where a group sends.
type Target struct {
	ID           string // unique in the whole table
	Group        string
	Address      netip.AddrPort
	State        TargetState
	HealthySince time.Time // where slow start begins; the zero value: long ago
}
