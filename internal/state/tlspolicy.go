package state

import (
	"crypto/tls"
	"slices"
)

// DefaultTLSPolicy is a listener's that names none.
const DefaultTLSPolicy = "ELBSecurityPolicy-2016-08"

// TLSPolicy is which TLS a listener speaks.
type TLSPolicy struct {
	Name     string
	Min, Max uint16 // of package tls
	Ciphers  []TLSCipher
}

// TLSCipher is a cipher as AWS names it, with its number.
type TLSCipher struct {
	Name string
	ID   uint16
}

// Groups of ciphers that policies are made of. What Go's TLS does not have,
// such as ECDHE-RSA-AES256-SHA384, is not offered and not told.
func tlsCiphers() (newest, forward, forwardCBC, plain, old []TLSCipher) {
	newest = []TLSCipher{
		{"TLS_AES_128_GCM_SHA256", tls.TLS_AES_128_GCM_SHA256},
		{"TLS_AES_256_GCM_SHA384", tls.TLS_AES_256_GCM_SHA384},
		{"TLS_CHACHA20_POLY1305_SHA256", tls.TLS_CHACHA20_POLY1305_SHA256},
	}
	forward = []TLSCipher{
		{"ECDHE-ECDSA-AES128-GCM-SHA256", tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		{"ECDHE-RSA-AES128-GCM-SHA256", tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		{"ECDHE-ECDSA-AES256-GCM-SHA384", tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
		{"ECDHE-RSA-AES256-GCM-SHA384", tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
	}
	forwardCBC = []TLSCipher{
		{"ECDHE-ECDSA-AES128-SHA256", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256},
		{"ECDHE-RSA-AES128-SHA256", tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256},
	}
	plain = []TLSCipher{
		{"AES128-GCM-SHA256", tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
		{"AES128-SHA256", tls.TLS_RSA_WITH_AES_128_CBC_SHA256},
		{"AES256-GCM-SHA384", tls.TLS_RSA_WITH_AES_256_GCM_SHA384},
	}
	old = []TLSCipher{
		{"ECDHE-ECDSA-AES128-SHA", tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
		{"ECDHE-RSA-AES128-SHA", tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
		{"ECDHE-RSA-AES256-SHA", tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA},
		{"ECDHE-ECDSA-AES256-SHA", tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA},
		{"AES128-SHA", tls.TLS_RSA_WITH_AES_128_CBC_SHA},
		{"AES256-SHA", tls.TLS_RSA_WITH_AES_256_CBC_SHA},
	}
	return
}

// TLSPolicies are AWS's security policies.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
func TLSPolicies() []TLSPolicy {
	const v10, v11, v12, v13 = tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13
	newest, forward, cbc, plain, old := tlsCiphers()
	oldForward := old[:4]
	all := slices.Concat(forward, cbc, old[:4], plain, old[4:])
	return []TLSPolicy{
		{"ELBSecurityPolicy-2016-08", v10, v12, all},
		{"ELBSecurityPolicy-TLS13-1-2-2021-06", v12, v13, slices.Concat(newest, forward, cbc)},
		{"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", v12, v13, slices.Concat(newest, forward)},
		{"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", v12, v13, slices.Concat(newest, forward, cbc, plain)},
		{"ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", v12, v13, slices.Concat(newest, all)},
		{"ELBSecurityPolicy-TLS13-1-1-2021-06", v11, v13, slices.Concat(newest, all)},
		{"ELBSecurityPolicy-TLS13-1-0-2021-06", v10, v13, slices.Concat(newest, all)},
		{"ELBSecurityPolicy-TLS13-1-3-2021-06", v13, v13, newest},
		{"ELBSecurityPolicy-TLS-1-2-2017-01", v12, v12, slices.Concat(forward, cbc, plain)},
		{"ELBSecurityPolicy-TLS-1-2-Ext-2018-06", v12, v12, all},
		{"ELBSecurityPolicy-TLS-1-1-2017-01", v11, v12, all},
		{"ELBSecurityPolicy-FS-2018-06", v10, v12, slices.Concat(forward, cbc, oldForward)},
		{"ELBSecurityPolicy-FS-1-1-2019-08", v11, v12, slices.Concat(forward, cbc, oldForward)},
		{"ELBSecurityPolicy-FS-1-2-2019-08", v12, v12, slices.Concat(forward, cbc, oldForward)},
		{"ELBSecurityPolicy-FS-1-2-Res-2019-08", v12, v12, slices.Concat(forward, cbc)},
		{"ELBSecurityPolicy-FS-1-2-Res-2020-10", v12, v12, forward},
	}
}

// TLSPolicyNamed finds a policy.
func TLSPolicyNamed(name string) (TLSPolicy, bool) {
	all := TLSPolicies()
	if i := slices.IndexFunc(all, func(p TLSPolicy) bool { return p.Name == name }); i >= 0 {
		return all[i], true
	}
	return TLSPolicy{}, false
}
