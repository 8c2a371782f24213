package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// givenCertificates are the ARNs of a request that adds or removes some.
func givenCertificates(list []types.Certificate) (out []string, err error) {
	if len(list) == 0 {
		return nil, invalid("At least one certificate must be specified")
	}
	for _, c := range list {
		if c.IsDefault != nil {
			return nil, invalid("You cannot set 'IsDefault' for a certificate of the certificate list")
		}
		out = append(out, aws.ToString(c.CertificateArn))
	}
	return out, nil
}

// secureListener finds a listener that has certificates.
func secureListener(r store.Reader, scope state.Scope, arn *string) (state.Listener, error) {
	l, err := findListener(r, scope, arn)
	if err == nil && !secure(l.Protocol) {
		err = invalid("The listener '%s' has no certificates: its protocol is '%s'", l.ARN, l.Protocol)
	}
	return l, err
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddListenerCertificates.html
func (s *Service) addListenerCertificates(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.AddListenerCertificatesInput) (*elasticloadbalancingv2.AddListenerCertificatesOutput, error) {
	given, err := givenCertificates(in.Certificates)
	if err != nil {
		return nil, err
	}
	out := &elasticloadbalancingv2.AddListenerCertificatesOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		l, err := secureListener(w, caller.Scope, in.ListenerArn)
		if err != nil {
			return err
		}
		l.Certificates, out.Certificates = slices.Clone(l.Certificates), nil
		for _, arn := range given {
			if err := checkCertificate(w, caller.Scope, arn); err != nil {
				return err
			}
			if !slices.Contains(l.Certificates, arn) {
				l.Certificates = append(l.Certificates, arn)
			}
			out.Certificates = append(out.Certificates, types.Certificate{CertificateArn: aws.String(arn), IsDefault: aws.Bool(l.Certificates[0] == arn)})
		}
		if len(l.Certificates)-1 > maxCertificates {
			return wire.Errorf("TooManyCertificates", "You have reached the maximum number of certificates of a listener: %d", maxCertificates)
		}
		return store.Listeners.Put(w, caller.Scope.Key(l.ID()), l)
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RemoveListenerCertificates.html
func (s *Service) removeListenerCertificates(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.RemoveListenerCertificatesInput) (*elasticloadbalancingv2.RemoveListenerCertificatesOutput, error) {
	given, err := givenCertificates(in.Certificates)
	if err != nil {
		return nil, err
	}
	return &elasticloadbalancingv2.RemoveListenerCertificatesOutput{}, s.update(ctx, func(w store.Writer) error {
		l, err := secureListener(w, caller.Scope, in.ListenerArn)
		if err != nil {
			return err
		}
		if slices.Contains(given, l.Certificates[0]) {
			return wire.Errorf("OperationNotPermitted", "Default certificate '%s' cannot be removed from listener '%s'", l.Certificates[0], l.ARN)
		}
		l.Certificates = slices.DeleteFunc(slices.Clone(l.Certificates), func(arn string) bool { return slices.Contains(given, arn) })
		return store.Listeners.Put(w, caller.Scope.Key(l.ID()), l)
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerCertificates.html
func (s *Service) describeListenerCertificates(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeListenerCertificatesInput) (*elasticloadbalancingv2.DescribeListenerCertificatesOutput, error) {
	out := &elasticloadbalancingv2.DescribeListenerCertificatesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		l, err := findListener(r, caller.Scope, in.ListenerArn)
		if err != nil {
			return err
		}
		defaultFirst := func(arn string) string {
			if arn == l.Certificates[0] {
				return "default " + arn
			}
			return "other " + arn
		}
		cut, next, err := page("elb-certificates", l.Certificates, defaultFirst, in.Marker, in.PageSize)
		out.Certificates, out.NextMarker = []types.Certificate{}, next
		for _, arn := range cut {
			out.Certificates = append(out.Certificates, types.Certificate{CertificateArn: aws.String(arn), IsDefault: aws.Bool(arn == l.Certificates[0])})
		}
		return err
	})
}
