package elbv2

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	protocolHTTP  = string(types.ProtocolEnumHttp)
	protocolHTTPS = string(types.ProtocolEnumHttps)
	protocolTCP   = string(types.ProtocolEnumTcp)
	protocolTLS   = string(types.ProtocolEnumTls)
)

// ofNetwork tells whether a protocol is one of network load balancers.
func ofNetwork(protocol string) bool { return protocol == protocolTCP || protocol == protocolTLS }

// secure tells whether listeners of a protocol have certificates.
func secure(protocol string) bool { return protocol == protocolHTTPS || protocol == protocolTLS }

// checkProtocol refuses what AWS has and we have not, and what there is not.
func checkProtocol(p string) error {
	switch p {
	case protocolHTTP, protocolHTTPS, protocolTCP, protocolTLS:
		return nil
	case "":
		return invalid("A protocol must be specified")
	}
	if slices.Contains(types.ProtocolEnum("").Values(), types.ProtocolEnum(p)) {
		return wire.Errorf("UnsupportedProtocol", "The protocol '%s' is not supported here; HTTP, HTTPS, TCP and TLS are", p)
	}
	return invalid("1 validation error detected: Value '%s' at 'protocol' failed to satisfy constraint: %s", p, wire.OneOf(types.ProtocolEnum("").Values()))
}

// settle checks what a listener asks for as a whole, and sets its defaults.
func settle(r store.Reader, scope state.Scope, b state.LoadBalancer, l state.Listener) (state.Listener, error) {
	if err := checkProtocol(l.Protocol); err != nil {
		return l, err
	}
	switch {
	case l.Port == 0:
		return l, invalid("A port must be specified")
	case l.Port < 1 || l.Port > 65535:
		return l, invalid("The port '%d' must be between 1 and 65535 inclusive", l.Port)
	case b.Type == typeApplication && ofNetwork(l.Protocol):
		return l, invalid("Listener protocol '%s' must be one of 'HTTP, HTTPS'", l.Protocol)
	case b.Type == typeNetwork && !ofNetwork(l.Protocol):
		return l, invalid("Listener protocol '%s' must be one of 'UDP, TCP, TCP_UDP, TLS'", l.Protocol)
	case !secure(l.Protocol) && len(l.Certificates) > 0:
		return l, invalid("Certificates cannot be specified for a listener with protocol '%s'", l.Protocol)
	case !secure(l.Protocol) && l.Policy != "":
		return l, invalid("An SSL policy cannot be specified for a listener with protocol '%s'", l.Protocol)
	case l.Protocol != protocolTLS && len(l.ALPN) > 0 && !slices.Equal(l.ALPN, []string{"None"}):
		return l, invalid("An ALPN policy can only be specified for TLS listeners")
	case secure(l.Protocol) && len(l.Certificates) == 0:
		return l, invalid("A certificate must be specified for %s listeners", l.Protocol)
	}
	if secure(l.Protocol) && l.Policy == "" {
		l.Policy = state.DefaultTLSPolicy
	}
	if _, ok := state.TLSPolicyNamed(l.Policy); l.Policy != "" && !ok {
		return l, wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", l.Policy)
	}
	for _, arn := range l.Certificates {
		if err := checkCertificate(r, scope, arn); err != nil {
			return l, err
		}
	}
	for _, p := range l.ALPN {
		if !slices.Contains([]string{"HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"}, p) || len(l.ALPN) > 1 {
			return l, wire.Errorf("ALPNPolicyNotFound", "The ALPN policy '%s' is not valid", p)
		}
	}
	return l, nil
}

func checkCertificate(r store.Reader, scope state.Scope, arn string) error {
	c, ok := store.Certificates.Get(r, scope.Key(state.CertificateID(arn)))
	if !ok || c.ARN != arn {
		return wire.Errorf("CertificateNotFound", "Certificate '%s' not found", arn)
	}
	return nil
}

// oneCertificate is the default certificate of a request, which names no other.
func oneCertificate(list []types.Certificate) ([]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > 1 {
		return nil, wire.Errorf("TooManyCertificates", "Exactly one certificate must be specified; add others with AddListenerCertificates")
	}
	if list[0].IsDefault != nil {
		return nil, invalid("You cannot set 'IsDefault' when creating or modifying a listener")
	}
	return []string{aws.ToString(list[0].CertificateArn)}, nil
}

// checkMutual refuses mutual TLS but for its absence.
func checkMutual(m *types.MutualAuthenticationAttributes) error {
	if m == nil {
		return nil
	}
	switch {
	case aws.ToString(m.Mode) != "" && aws.ToString(m.Mode) != "off":
		return unsupported("Mutual authentication mode '%s' is not supported here", aws.ToString(m.Mode))
	case m.TrustStoreArn != nil || aws.ToBool(m.IgnoreClientCertificateExpiry) || m.AdvertiseTrustStoreCaNames == types.AdvertiseTrustStoreCaNamesEnumOn:
		return unsupported("Trust stores are not supported here")
	case m.TrustStoreAssociationStatus != "":
		return invalid("TrustStoreAssociationStatus cannot be set")
	}
	return nil
}
