package zone

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// Types are the record types that there are, by their names.
var Types = map[string]uint16{
	"A": dns.TypeA, "AAAA": dns.TypeAAAA, "CAA": dns.TypeCAA, "CNAME": dns.TypeCNAME, "MX": dns.TypeMX, "NS": dns.TypeNS,
	"PTR": dns.TypePTR, "SOA": dns.TypeSOA, "SRV": dns.TypeSRV, "TXT": dns.TypeTXT,
}

// label is what a part of a name may be. Route 53 takes more characters, in
// octal; what no resolver of a task would ask for is refused.
var label = regexp.MustCompile(`^[a-z0-9_/:-]{1,63}$`)

// Name checks a domain name as Route 53 takes it: with or without the dot at the
// end, in any case, the wildcard as "*" or "\052". It returns it in lower case
// with the dot.
func Name(text string) (string, error) {
	name := strings.ToLower(strings.ReplaceAll(text, `\052`, "*"))
	if name == "" || name == "." {
		return "", errors.New("Domain name is empty") //nolint:staticcheck // AWS's words
	}
	if !strings.HasSuffix(name, ".") {
		name += "."
	}
	if len(name) > 254 {
		return "", errors.New("Domain name is too long") //nolint:staticcheck // AWS's words
	}
	for i, l := range strings.Split(strings.TrimSuffix(name, "."), ".") {
		switch {
		case l == "":
			return "", errors.New("DomainLabelEmpty (Domain label is empty)")
		case len(l) > 63:
			return "", errors.New("DomainLabelTooLong (Domain label is too long)")
		case !label.MatchString(l) && (l != "*" || i > 0):
			return "", errors.New("UnsupportedCharacter (Value contains unsupported characters)")
		}
	}
	return name, nil
}

// Shown is a name as Route 53 writes it: with the wildcard in octal.
func Shown(name string) string {
	if rest, ok := strings.CutPrefix(name, "*."); ok {
		return `\052.` + rest
	}
	return name
}

// Value reads a record's value as Route 53 writes it. An error's text is
// Route 53's for it.
//
// Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
func Value(name string, kind uint16, ttl uint32, value string) (dns.RR, error) {
	header := dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
	words := strings.Fields(value)
	switch kind {
	case dns.TypeA:
		a, err := netip.ParseAddr(value)
		if err != nil || !a.Is4() {
			return nil, errors.New("ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)")
		}
		return &dns.A{Hdr: header, A: a.AsSlice()}, nil
	case dns.TypeAAAA:
		a, err := netip.ParseAddr(value)
		if err != nil || !a.Is6() || a.Zone() != "" {
			return nil, errors.New("AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)")
		}
		return &dns.AAAA{Hdr: header, AAAA: a.AsSlice()}, nil
	case dns.TypeTXT:
		texts, err := quoted(value)
		return &dns.TXT{Hdr: header, Txt: texts}, err
	case dns.TypeCNAME, dns.TypeNS, dns.TypePTR:
		target, err := Name(value)
		if err != nil {
			return nil, err
		}
		return map[uint16]dns.RR{dns.TypeCNAME: &dns.CNAME{Hdr: header, Target: target}, dns.TypeNS: &dns.NS{Hdr: header, Ns: target}, dns.TypePTR: &dns.PTR{Hdr: header, Ptr: target}}[kind], nil
	case dns.TypeMX:
		n, target, err := fields(words, 1)
		if err != nil {
			return nil, err
		}
		return &dns.MX{Hdr: header, Preference: n[0], Mx: target}, nil
	case dns.TypeSRV:
		n, target, err := fields(words, 3)
		if err != nil {
			return nil, err
		}
		return &dns.SRV{Hdr: header, Priority: n[0], Weight: n[1], Port: n[2], Target: target}, nil
	case dns.TypeSOA:
		return soa(header, words)
	case dns.TypeCAA:
		return caa(header, value)
	}
	return nil, fmt.Errorf("records of the type %s are not supported by Hatoba", dns.TypeToString[kind])
}

// fields reads numbers and a name behind them.
func fields(words []string, numbers int) (n []uint16, target string, err error) {
	if len(words) != numbers+1 {
		return nil, "", fmt.Errorf("MissingFields (Value should have %d fields)", numbers+1)
	}
	for _, w := range words[:numbers] {
		v, err := strconv.ParseUint(w, 10, 16)
		if err != nil {
			return nil, "", errors.New("NumberOutOfRange (Value should be a number from 0 to 65535)")
		}
		n = append(n, uint16(v))
	}
	if words[numbers] == "." {
		return n, ".", nil
	}
	target, err = Name(words[numbers])
	return n, target, err
}

func soa(header dns.RR_Header, words []string) (dns.RR, error) {
	if len(words) != 7 {
		return nil, errors.New("MissingFields (Value should have 7 fields)")
	}
	ns, err := Name(words[0])
	if err != nil {
		return nil, err
	}
	mailbox, err := Name(words[1])
	if err != nil {
		return nil, err
	}
	var n [5]uint32
	for i, w := range words[2:] {
		v, err := strconv.ParseUint(w, 10, 32)
		if err != nil {
			return nil, errors.New("NumberOutOfRange (Value should be a number from 0 to 4294967295)")
		}
		n[i] = uint32(v)
	}
	return &dns.SOA{Hdr: header, Ns: ns, Mbox: mailbox, Serial: n[0], Refresh: n[1], Retry: n[2], Expire: n[3], Minttl: n[4]}, nil
}

func caa(header dns.RR_Header, value string) (dns.RR, error) {
	flag, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	tag, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, err := strconv.ParseUint(flag, 10, 8)
	if err != nil {
		return nil, errors.New("CAARRDATAIllegalFlag (Value should be a number from 0 to 255)")
	}
	if tag == "" || strings.Trim(strings.ToLower(tag), "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return nil, errors.New("CAARRDATAIllegalTag (Value contains unsupported characters)")
	}
	texts, err := quoted(text)
	if err != nil {
		return nil, err
	}
	if len(texts) != 1 {
		return nil, errors.New("CAARRDATAIllegalValue (Value should be one string)")
	}
	return &dns.CAA{Hdr: header, Flag: uint8(n), Tag: tag, Value: texts[0]}, nil
}

// quoted reads strings in quotation marks, with spaces between them. A
// backslash stands before a quotation mark, another one, or three octal digits.
// They are returned as the dns library keeps texts: with escapes of its own.
func quoted(value string) (out []string, err error) {
	const unquoted = "InvalidCharacterString (Value should be enclosed in quotation marks)"
	rest := strings.TrimSpace(value)
	for rest != "" {
		if rest[0] != '"' {
			return nil, errors.New(unquoted)
		}
		text, size, i := strings.Builder{}, 0, 1
		for ; i < len(rest) && rest[i] != '"'; i++ {
			c := rest[i]
			if c == '\\' {
				var n int
				if c, n = escaped(rest[i+1:]); n == 0 {
					return nil, errors.New("InvalidEscape (Value has a backslash that escapes nothing)")
				}
				i += n
			}
			switch size++; {
			case c == '"' || c == '\\':
				text.WriteString(`\` + string(rune(c)))
			case c < ' ' || c > '~':
				fmt.Fprintf(&text, `\%03d`, c)
			default:
				text.WriteByte(c)
			}
		}
		if i >= len(rest) {
			return nil, errors.New(unquoted)
		}
		if size > 255 {
			return nil, errors.New("CharacterStringTooLong (Value is too long)")
		}
		out = append(out, text.String())
		after := rest[i+1:]
		rest = strings.TrimLeft(after, " \t")
		if rest != "" && rest == after {
			return nil, errors.New(unquoted)
		}
	}
	if len(out) == 0 {
		return nil, errors.New(unquoted)
	}
	return out, nil
}

// escaped is what stands behind a backslash, and how long it is; 0 for nothing.
func escaped(rest string) (c byte, n int) {
	switch {
	case rest == "":
		return 0, 0
	case len(rest) >= 3 && rest[0] >= '0' && rest[0] <= '3':
		v, err := strconv.ParseUint(rest[:3], 8, 8)
		if err != nil {
			return 0, 0
		}
		return byte(v), 3
	case rest[0] == '"' || rest[0] == '\\':
		return rest[0], 1
	}
	return 0, 0
}
