package sigv4

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonical is what was signed, if it was this request. Clients differ in two
// details that servers cannot tell from the outside, so there may be several:
// a path is signed as sent or in AWS's own escaping, and parameters are sorted
// before or after they are escaped. All of them mean the same request.
func (s *Signature) canonical(r *http.Request, payloadHash string) (out []string) {
	rest := "\n" + canonicalHeaders(r, s.headers) + "\n" + strings.Join(s.headers, ";") + "\n" + payloadHash
	query, ok := parameters(r.URL.RawQuery, s.Presigned)
	if !ok {
		return nil // no signer makes such a query
	}
	queries := []string{joined(query)}
	slices.SortFunc(query, func(a, b parameter) int {
		return cmp.Or(cmp.Compare(a.rawName, b.rawName), cmp.Compare(a.rawValue, b.rawValue))
	})
	if other := joined(query); other != queries[0] {
		queries = append(queries, other)
	}
	for _, path := range s.paths(r) {
		for _, query := range queries {
			out = append(out, r.Method+"\n"+path+"\n"+query+rest)
		}
	}
	return out
}

// paths are the path as sent and, when that differs, as AWS would escape it.
// Every service but S3 signs the escaped path escaped once more.
func (s *Signature) paths(r *http.Request) []string {
	sent := sentPath(r)
	out := []string{sent}
	if plain, err := url.PathUnescape(sent); err == nil {
		if own := escape(plain, true); own != sent {
			out = append(out, own)
		}
	}
	if s.Service != singleEncodingService {
		for i := range out {
			out[i] = escape(out[i], true)
		}
	}
	return out
}

// sentPath is the path byte by byte as the client sent it.
func sentPath(r *http.Request) string {
	path := r.RequestURI
	if path == "" || path[0] != '/' { // made in process, or the absolute form of a proxy
		path = r.URL.EscapedPath()
	}
	path, _, _ = strings.Cut(path, "?")
	if path == "" {
		return "/"
	}
	return path
}

// parameter is a query parameter, read and in AWS's escaping.
type parameter struct{ name, value, rawName, rawValue string }

// parameters reads the query in the order of the escaped names.
func parameters(raw string, presigned bool) (out []parameter, ok bool) {
	if strings.Count(raw, "&") > maxQueryParameters {
		return nil, false
	}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		if strings.Contains(pair, ";") {
			return nil, false
		}
		key, value, _ := strings.Cut(pair, "=")
		var p parameter
		var err, err2 error
		p.rawName, err = url.QueryUnescape(key)
		p.rawValue, err2 = url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return nil, false
		}
		if presigned && p.rawName == signatureParameter {
			continue
		}
		p.name, p.value = escape(p.rawName, false), escape(p.rawValue, false)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b parameter) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value)) })
	return out, true
}

func joined(query []parameter) string {
	var b strings.Builder
	for i, p := range query {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

// canonicalHeaders has a line per signed header. A header that is named and
// not there has an empty one, which no honest signer makes.
func canonicalHeaders(r *http.Request, names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(name)
		b.WriteByte(':')
		for i, value := range headerValues(r, name) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(oneSpace(value))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func headerValues(r *http.Request, name string) []string {
	switch name {
	case "host":
		return []string{cmp.Or(r.Host, r.URL.Host)} // the latter in process
	case "content-length":
		return []string{strconv.FormatInt(r.ContentLength, 10)}
	case "transfer-encoding": // net/http takes it out of the headers
		return r.TransferEncoding
	}
	return r.Header.Values(name)
}

// oneSpace trims a value and makes one space of several.
func oneSpace(value string) string {
	value = strings.Trim(value, " \t")
	if !strings.Contains(value, "  ") {
		return value
	}
	return strings.Join(strings.FieldsFunc(value, func(r rune) bool { return r == ' ' }), " ")
}

const upperHex = "0123456789ABCDEF"

// escape escapes all but the unreserved letters of RFC 3986, and slashes
// where they stay.
func escape(s string, slashes bool) string {
	n := 0
	for i := range len(s) {
		if !unreserved(s[i], slashes) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; unreserved(c, slashes) {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return string(b)
}

func unreserved(c byte, slashes bool) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~' || slashes && c == '/'
}
