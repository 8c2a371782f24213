package acm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxPage = 1000

func summary(r store.Reader, scope state.Scope, c state.Certificate, st types.CertificateStatus) (types.CertificateSummary, error) {
	list, err := certificates([]byte(c.Body))
	if err != nil {
		return types.CertificateSummary{}, err
	}
	users := usedBy(r, scope, c.ARN)
	names := c.Names
	out := types.CertificateSummary{
		CertificateArn: &c.ARN, DomainName: &c.Domain, Status: st, Type: types.CertificateType(c.Type), KeyAlgorithm: types.KeyAlgorithm(c.Algorithm),
		SubjectAlternativeNameSummaries: names[:min(len(names), 100)], HasAdditionalSubjectAlternativeNames: aws.Bool(len(names) > 100),
		InUse: aws.Bool(len(users) > 0), RenewalEligibility: types.RenewalEligibilityIneligible,
		CreatedAt: &c.CreatedAt, NotBefore: &c.NotBefore, NotAfter: &c.NotAfter,
	}
	plain, extended := usages(list[0])
	out.KeyUsages = plain
	for _, u := range extended {
		out.ExtendedKeyUsages = append(out.ExtendedKeyUsages, u.Name)
	}
	if c.Type == string(types.CertificateTypeImported) {
		out.ImportedAt = &c.ImportedAt
		return out, nil
	}
	out.IssuedAt, out.Exported = &c.CreatedAt, aws.Bool(false)
	if len(users) > 0 {
		out.RenewalEligibility = types.RenewalEligibilityEligible
	}
	return out, nil
}

// passes tells whether a listing's filters let a certificate through. Those
// with keys other than RSA of 1024 and 2048 bits are listed only when asked for.
func passes(in *acm.ListCertificatesInput, c types.CertificateSummary) bool {
	if len(in.CertificateStatuses) > 0 && !slices.Contains(in.CertificateStatuses, c.Status) {
		return false
	}
	kinds := []types.KeyAlgorithm{types.KeyAlgorithmRsa1024, types.KeyAlgorithmRsa2048}
	f := in.Includes
	if f == nil {
		return slices.Contains(kinds, c.KeyAlgorithm)
	}
	if len(f.KeyTypes) > 0 {
		kinds = f.KeyTypes
	}
	for _, u := range f.KeyUsage {
		if u != types.KeyUsageNameAny && !slices.Contains(c.KeyUsages, u) {
			return false
		}
	}
	for _, u := range f.ExtendedKeyUsage {
		if u != types.ExtendedKeyUsageNameAny && !slices.Contains(c.ExtendedKeyUsages, u) {
			return false
		}
	}
	return slices.Contains(kinds, c.KeyAlgorithm) && f.ExportOption != types.CertificateExportEnabled && f.ManagedBy == ""
}

// listOrder is where a certificate stands in a listing. A token carries it, so
// that the listing goes on there if the certificate is deleted meanwhile.
func listOrder(in *acm.ListCertificatesInput, c types.CertificateSummary) string {
	if in.SortBy == "" {
		return *c.CertificateArn
	}
	at := c.CreatedAt.UnixMilli()
	if in.SortOrder == types.SortOrderDescending {
		at = math.MaxInt64 - at
	}
	return fmt.Sprintf("%019d %s", at, *c.CertificateArn)
}

// https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
func (s *Service) listCertificates(ctx context.Context, caller wire.Caller, in *acm.ListCertificatesInput) (*acm.ListCertificatesOutput, error) {
	limit, ok := wire.PageSize(in.MaxItems, maxPage, maxPage)
	if !ok {
		return nil, invalid("1 validation error detected: Value '%d' at 'maxItems' failed to satisfy constraint: %s", limit, wire.ValueWithin(limit, 1, maxPage))
	}
	if (in.SortBy == "") != (in.SortOrder == "") {
		return nil, invalid("SortBy and SortOrder must be specified together.")
	}
	if len(in.CertificateKeyPairOrigins) > 0 {
		return nil, invalid("CertificateKeyPairOrigins is not supported here.")
	}
	out := &acm.ListCertificatesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []types.CertificateSummary
		now := s.now()
		for _, c := range store.Certificates.List(r, caller.Scope, "") {
			one, err := summary(r, caller.Scope, c, status(c, now))
			if err != nil {
				return err
			}
			if passes(in, one) {
				list = append(list, one)
			}
		}
		order := func(c types.CertificateSummary) string { return listOrder(in, c) }
		slices.SortFunc(list, func(a, b types.CertificateSummary) int { return strings.Compare(order(a), order(b)) })
		list, next, err := wire.Cut("acm", list, order, in.NextToken, limit)
		if err != nil {
			return invalid("The token is not valid.")
		}
		out.NextToken = next
		out.CertificateSummaryList = append([]types.CertificateSummary{}, list...)
		return nil
	})
}
