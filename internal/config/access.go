package config

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
)

// checkAccess holds that nobody can be reached from outside without asking
// who is there, in private.
func (v Values) checkAccess(c *Config) (err error) {
	if c.Auth != "none" && c.Auth != "sigv4" {
		return v.wrong("auth", "must be none or sigv4")
	}
	if c.TLS, err = strconv.ParseBool(v["tls"].Text); err != nil {
		return v.wrong("tls", "must be true or false")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return v.wrong("tls-cert", "and tls-key go together: give both or neither")
	}
	c.TLS = c.TLS || c.TLSCert != ""
	beyond, err := checkListen(c.Listen)
	if err != nil {
		return v.wrong("listen", err.Error())
	}
	if c.DNS != "" {
		// A resolver that everybody reaches is one that others are attacked by.
		far, err := checkListen(c.DNS)
		if err != nil {
			return v.wrong("dns", err.Error())
		}
		if far {
			return v.wrong("dns", "is reached from outside this machine: DNS has no signatures; use an address of loopback, such as 127.0.0.1:5353")
		}
	}
	switch {
	case beyond && c.Auth != "sigv4" && !c.TLS:
		return v.wrong("listen", "is reached from outside this machine: that needs signatures and TLS; add --auth sigv4 --tls (or --tls-cert FILE --tls-key FILE), or listen on 127.0.0.1")
	case beyond && c.Auth != "sigv4":
		return v.wrong("listen", "is reached from outside this machine: that needs signatures; add --auth sigv4, or listen on 127.0.0.1")
	case beyond && !c.TLS:
		return v.wrong("listen", "is reached from outside this machine: that needs TLS; add --tls (or --tls-cert FILE --tls-key FILE), or listen on 127.0.0.1")
	}
	return nil
}

// checkListen tells whether an address is reached from beyond this machine.
func checkListen(listen string) (beyond bool, err error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return false, errors.New("must be host:port, such as 127.0.0.1:4566")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return false, errors.New("has no port between 0 and 65535")
	}
	if host == "localhost" {
		return false, nil
	}
	if host == "" {
		return true, nil
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false, errors.New("must be an address of this machine, such as 127.0.0.1:4566 or 0.0.0.0:4566")
	}
	return !addr.Unmap().IsLoopback(), nil
}
