package state

import (
	"strings"
	"time"

	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
)

// Certificate is a certificate with its private key. ID: the UUID in its ARN.
// Writer: the ACM operations.
type Certificate struct {
	ARN        string
	Domain     string   // the first name it is for
	Names      []string // all of them, Domain first
	Type       string   // IMPORTED or AMAZON_ISSUED
	Algorithm  string   // of the key: RSA_2048, EC_prime256v1, …
	Validation string   // DNS or EMAIL, as requested; "" when imported
	Token      string   // the request's idempotency token
	Logging    string   // transparency logging as requested

	CreatedAt  time.Time
	ImportedAt time.Time // zero when requested
	NotBefore  time.Time
	NotAfter   time.Time

	Body  string // PEM
	Chain string // PEM of those above it
	Key   Sealed // PEM of the private key
	Tags  []acmtypes.Tag
}

// CertificateID is the store id in a certificate's ARN, "" if it is none.
func CertificateID(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "acm" {
		return ""
	}
	id, ok := strings.CutPrefix(parts[5], "certificate/")
	if !ok {
		return ""
	}
	return id
}
