package acm

import (
	"bytes"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/acm"
)

// What is imported is of the caller's making: it is taken or refused, and no
// word of the key is in the refusal.
func FuzzImport(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"), []byte{})
	f.Fuzz(func(t *testing.T, body, key, chain []byte) {
		_, _, err := imported(&sdk.ImportCertificateInput{Certificate: body, PrivateKey: key, CertificateChain: chain})
		if err != nil && len(key) > 64 && bytes.Contains([]byte(err.Error()), key[:64]) {
			t.Error("the key is in the refusal")
		}
	})
}
