package sigv4

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Read takes the signature from a request: nil when it is not signed.
func Read(r *http.Request) (*Signature, error) {
	header := r.Header.Get("Authorization")
	presigned := strings.Contains(r.URL.RawQuery, "X-Amz-Algorithm") || strings.Contains(r.URL.RawQuery, "X-Amz-Credential") ||
		strings.Contains(r.URL.RawQuery, signatureParameter)
	switch {
	case header == "" && !presigned:
		return nil, nil
	case header == "":
		return readQuery(r)
	case presigned:
		return nil, refuse(Incomplete, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified")
	case len(r.Header.Values("Authorization")) > 1:
		return nil, refuse(Incomplete, "The request has more than one Authorization header.")
	}
	return readHeader(r, header)
}

// readHeader reads ALGORITHM Credential=…, SignedHeaders=…, Signature=…
func readHeader(r *http.Request, header string) (*Signature, error) {
	s := &Signature{}
	var rest string
	s.Algorithm, rest, _ = strings.Cut(header, " ")
	if s.Algorithm != AlgorithmV4 && s.Algorithm != AlgorithmV4a {
		return nil, refuse(Incomplete, "Authorization header requires the algorithm %s.", AlgorithmV4)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := parts[name]; !ok || twice {
			return nil, refuse(Incomplete, "'%.40s' not a valid key=value pair (missing equal-sign, or there twice) in Authorization header.", part)
		}
		parts[name] = value
	}
	var missing []string
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			missing = append(missing, "Authorization header requires '"+name+"' parameter.")
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	if date == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if missing != nil {
		return nil, refuse(Incomplete, "%s", strings.Join(missing, " "))
	}
	s.Token = r.Header.Get(securityTokenHeader)
	s.Payload = r.Header.Get(contentHashHeader)
	return s, s.fill(parts["Credential"], date, parts["SignedHeaders"], parts["Signature"])
}

// readQuery reads a presigned request.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
func readQuery(r *http.Request) (*Signature, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(Incomplete, "The query string is not well encoded.")
	}
	var missing []string
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", signatureParameter, "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if len(query[name]) > 1 {
			return nil, refuse(Incomplete, "AWS query-string parameter '%s' is there twice.", name)
		}
		if query.Get(name) == "" {
			missing = append(missing, "AWS query-string parameters must include '"+name+"'.")
		}
	}
	if missing != nil {
		return nil, refuse(Incomplete, "%s Re-examine the query-string parameters.", strings.Join(missing, " "))
	}
	s := &Signature{Algorithm: query.Get("X-Amz-Algorithm"), Presigned: true, Token: query.Get(securityTokenHeader)}
	if s.Algorithm != AlgorithmV4 && s.Algorithm != AlgorithmV4a {
		return nil, refuse(Incomplete, "X-Amz-Algorithm must be %s.", AlgorithmV4)
	}
	s.Payload = query.Get(contentHashHeader)
	if s.Payload == "" {
		s.Payload = r.Header.Get(contentHashHeader)
	}
	if text := query.Get("X-Amz-Expires"); text != "" || query.Has("X-Amz-Expires") {
		seconds, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil:
			return nil, refuse(BadLifeTime, "X-Amz-Expires should be a number")
		case seconds <= 0:
			return nil, refuse(BadLifeTime, "X-Amz-Expires must be non-negative")
		case seconds > maxExpires:
			return nil, refuse(BadLifeTime, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than %d seconds", maxExpires)
		}
		s.Life = time.Duration(seconds) * time.Second
	}
	return s, s.fill(query.Get("X-Amz-Credential"), query.Get("X-Amz-Date"), query.Get("X-Amz-SignedHeaders"), query.Get(signatureParameter))
}

// fill takes what both forms say in the same words.
func (s *Signature) fill(credential, date, headers, signature string) error {
	var err error
	if s.Credential, err = ParseCredential(s.Algorithm, credential); err != nil {
		return err
	}
	if s.Time, err = time.Parse(longTime, date); err != nil {
		if s.Time, err = http.ParseTime(date); err != nil {
			return refuse(Incomplete, "Date must be in ISO-8601 'basic format'. Got '%.40s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
		}
		s.Time = s.Time.UTC()
	}
	if day := s.Time.Format("20060102"); day != s.Day {
		return refuse(Mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%.20s' != '%s', from '%s'.", s.Day, day, s.Time.Format(longTime))
	}
	if len(signature) != 64 || strings.Trim(signature, "0123456789abcdef") != "" {
		return refuse(Mismatch, "%s", MismatchText)
	}
	s.claimed = signature
	s.headers = strings.Split(headers, ";")
	if len(s.headers) > maxSignedHeaders {
		return refuse(Incomplete, "More than %d headers are signed.", maxSignedHeaders)
	}
	return nil
}

// ParseCredential reads KEY/DATE/REGION/SERVICE/aws4_request from its end,
// because a key may hold slashes.
func ParseCredential(algorithm, text string) (Credential, error) {
	var c Credential
	rest, ok := strings.CutSuffix(text, "/"+terminator)
	if !ok {
		return c, refuse(Incomplete, "Credential should be scoped with a valid terminator: '%s'.", terminator)
	}
	rest, c.Service = cutLast(rest)
	if algorithm != AlgorithmV4a {
		rest, c.Region = cutLast(rest)
		if !validRegion(c.Region) {
			return c, refuse(Incomplete, "Credential should be scoped to a valid Region, not '%.40s'.", c.Region)
		}
	}
	c.AccessKey, c.Day = cutLast(rest)
	if c.AccessKey == "" || c.Service == "" || len(c.AccessKey) > 128 {
		return c, refuse(Incomplete, "Credential must have the form KEY/DATE/REGION/SERVICE/%s.", terminator)
	}
	return c, nil
}

// ReadCredential takes only the credential from a request, for whoever does
// not ask for the rest: zero when there is none.
func ReadCredential(r *http.Request) (Credential, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		if !strings.Contains(r.URL.RawQuery, "X-Amz-Credential") {
			return Credential{}, nil
		}
		query := r.URL.Query()
		return ParseCredential(query.Get("X-Amz-Algorithm"), query.Get("X-Amz-Credential"))
	}
	algorithm, rest, _ := strings.Cut(header, " ")
	if algorithm != AlgorithmV4 && algorithm != AlgorithmV4a {
		return Credential{}, refuse(Incomplete, "Authorization header requires the algorithm %s.", AlgorithmV4)
	}
	_, rest, ok := strings.Cut(rest, "Credential=")
	if !ok {
		return Credential{}, refuse(Incomplete, "Authorization header requires 'Credential' parameter.")
	}
	if end := strings.IndexAny(rest, ", "); end >= 0 {
		rest = rest[:end]
	}
	return ParseCredential(algorithm, rest)
}

// ReadToken takes only the session token from a request.
func ReadToken(r *http.Request) string {
	if token := r.Header.Get(securityTokenHeader); token != "" || r.Header.Get("Authorization") != "" {
		return token
	}
	return r.URL.Query().Get(securityTokenHeader)
}

func cutLast(s string) (before, last string) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+1:]
}

// validRegion keeps what becomes part of keys and ARNs to a region's letters.
func validRegion(region string) bool {
	if region == "" || len(region) > 40 {
		return false
	}
	for _, c := range []byte(region) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// covered holds that the signature speaks of what decides who does what: the
// host, and every x-amz- header there is.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func (s *Signature) covered(r *http.Request) error {
	if !slices.Contains(s.headers, "host") {
		return refuse(Incomplete, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for i, name := range s.headers {
		if i > 0 && s.headers[i-1] >= name || name != strings.ToLower(name) || name == "" {
			return refuse(Incomplete, "SignedHeaders must be lower-case, in order and there once.")
		}
	}
	for name := range r.Header {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "x-amz-") || slices.Contains(s.headers, lower) {
			continue
		}
		if lower == "x-amz-content-sha256" {
			continue // its value is in the canonical request anyway
		}
		return refuse(HeaderNotSigned, "There were headers present in the request which were not signed: %.80s", lower)
	}
	return nil
}
