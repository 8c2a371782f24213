package acm

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// status is a certificate's: it is issued until it expires.
func status(c state.Certificate, now time.Time) types.CertificateStatus {
	if now.After(c.NotAfter) {
		return types.CertificateStatusExpired
	}
	return types.CertificateStatusIssued
}

// usedBy are the ARNs of the balancers whose listeners show a certificate.
func usedBy(r store.Reader, scope state.Scope, arn string) []string {
	out := []string{}
	for _, l := range store.Listeners.List(r, scope, "") {
		if balancer := scope.ARN("elasticloadbalancing", "loadbalancer/"+l.Balancer); slices.Contains(l.Certificates, arn) && !slices.Contains(out, balancer) {
			out = append(out, balancer)
		}
	}
	return out
}

// usages are what a certificate's key may be used for, in ACM's names.
func usages(leaf *x509.Certificate) (plain []types.KeyUsageName, extended []types.ExtendedKeyUsage) {
	for _, u := range []struct {
		bit  x509.KeyUsage
		name types.KeyUsageName
	}{
		{x509.KeyUsageDigitalSignature, types.KeyUsageNameDigitalSignature},
		{x509.KeyUsageContentCommitment, types.KeyUsageNameNonRepudation},
		{x509.KeyUsageKeyEncipherment, types.KeyUsageNameKeyEncipherment},
		{x509.KeyUsageDataEncipherment, types.KeyUsageNameDataEncipherment},
		{x509.KeyUsageKeyAgreement, types.KeyUsageNameKeyAgreement},
		{x509.KeyUsageCertSign, types.KeyUsageNameCertificateSigning},
		{x509.KeyUsageCRLSign, types.KeyUsageNameCrlSigning},
	} {
		if leaf.KeyUsage&u.bit != 0 {
			plain = append(plain, u.name)
		}
	}
	for _, u := range leaf.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth:
			extended = append(extended, types.ExtendedKeyUsage{Name: types.ExtendedKeyUsageNameTlsWebServerAuthentication, OID: aws.String("1.3.6.1.5.5.7.3.1")})
		case x509.ExtKeyUsageClientAuth:
			extended = append(extended, types.ExtendedKeyUsage{Name: types.ExtendedKeyUsageNameTlsWebClientAuthentication, OID: aws.String("1.3.6.1.5.5.7.3.2")})
		case x509.ExtKeyUsageAny:
			extended = append(extended, types.ExtendedKeyUsage{Name: types.ExtendedKeyUsageNameAny, OID: aws.String("2.5.29.37.0")})
		}
	}
	return plain, extended
}

// serial is a serial number as ACM writes it: bytes with colons between.
func serial(leaf *x509.Certificate) string {
	var parts []string
	for _, b := range leaf.SerialNumber.Bytes() {
		parts = append(parts, hex.EncodeToString([]byte{b}))
	}
	return strings.Join(parts, ":")
}

// validation is how a name would be validated on AWS; here it is so already.
func validation(c state.Certificate, name string) types.DomainValidation {
	out := types.DomainValidation{
		DomainName: aws.String(name), ValidationDomain: aws.String(name), ValidationStatus: types.DomainStatusSuccess, ValidationMethod: types.ValidationMethod(c.Validation),
	}
	if c.Validation == string(types.ValidationMethodDns) {
		base := strings.TrimPrefix(name, "*.")
		sum := sha256.Sum256([]byte(c.ARN[:strings.LastIndexByte(c.ARN, ':')] + " " + base))
		text := hex.EncodeToString(sum[:])
		out.ResourceRecord = &types.ResourceRecord{
			Name: aws.String("_" + text[:32] + "." + base + "."), Type: types.RecordTypeCname, Value: aws.String("_" + text[32:] + ".acm-validations.aws."),
		}
	}
	return out
}

// https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
func (s *Service) describeCertificate(ctx context.Context, caller wire.Caller, in *acm.DescribeCertificateInput) (*acm.DescribeCertificateOutput, error) {
	out := &acm.DescribeCertificateOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		_, c, err := find(r, caller.Scope, in.CertificateArn)
		if err != nil {
			return err
		}
		out.Certificate, err = detail(r, caller.Scope, c, s.now())
		return err
	})
}

func detail(r store.Reader, scope state.Scope, c state.Certificate, now time.Time) (*types.CertificateDetail, error) {
	list, err := certificates([]byte(c.Body))
	if err != nil {
		return nil, err
	}
	leaf := list[0]
	d := &types.CertificateDetail{
		CertificateArn: &c.ARN, DomainName: &c.Domain, SubjectAlternativeNames: c.Names, Type: types.CertificateType(c.Type), Status: status(c, now),
		Serial: aws.String(serial(leaf)), Subject: aws.String(leaf.Subject.String()), Issuer: aws.String(leaf.Issuer.CommonName),
		CreatedAt: &c.CreatedAt, NotBefore: &c.NotBefore, NotAfter: &c.NotAfter, KeyAlgorithm: types.KeyAlgorithm(c.Algorithm),
		SignatureAlgorithm: aws.String(strings.ToUpper(strings.ReplaceAll(leaf.SignatureAlgorithm.String(), "-", "WITH"))),
		InUseBy:            usedBy(r, scope, c.ARN), RenewalEligibility: types.RenewalEligibilityIneligible,
		Options: &types.CertificateOptions{CertificateTransparencyLoggingPreference: types.CertificateTransparencyLoggingPreferenceDisabled},
	}
	plain, extended := usages(leaf)
	for _, name := range plain {
		d.KeyUsages = append(d.KeyUsages, types.KeyUsage{Name: name})
	}
	d.ExtendedKeyUsages = extended
	if c.Type == string(types.CertificateTypeImported) {
		d.ImportedAt = &c.ImportedAt
		return d, nil
	}
	d.IssuedAt = &c.CreatedAt
	d.Options.CertificateTransparencyLoggingPreference = types.CertificateTransparencyLoggingPreference(c.Logging)
	if len(d.InUseBy) > 0 {
		d.RenewalEligibility = types.RenewalEligibilityEligible
	}
	for _, name := range c.Names {
		d.DomainValidationOptions = append(d.DomainValidationOptions, validation(c, name))
	}
	return d, nil
}

// https://docs.aws.amazon.com/acm/latest/APIReference/API_GetCertificate.html
func (s *Service) getCertificate(ctx context.Context, caller wire.Caller, in *acm.GetCertificateInput) (*acm.GetCertificateOutput, error) {
	out := &acm.GetCertificateOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		_, c, err := find(r, caller.Scope, in.CertificateArn)
		if err != nil {
			return err
		}
		out.Certificate = &c.Body
		if c.Chain != "" {
			out.CertificateChain = &c.Chain
		}
		return nil
	})
}

// https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html
func (s *Service) deleteCertificate(ctx context.Context, caller wire.Caller, in *acm.DeleteCertificateInput) (*acm.DeleteCertificateOutput, error) {
	return &acm.DeleteCertificateOutput{}, s.update(ctx, func(w store.Writer) error {
		key, c, err := find(w, caller.Scope, in.CertificateArn)
		if err != nil {
			return err
		}
		if users := usedBy(w, caller.Scope, c.ARN); len(users) > 0 {
			return &types.ResourceInUseException{Message: aws.String("Certificate " + c.ARN + " in account " + caller.Scope.Account + " is in use by " + strings.Join(users, ", ") + ".")}
		}
		store.Certificates.Delete(w, key)
		return nil
	})
}
