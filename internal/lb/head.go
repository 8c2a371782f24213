package lb

import (
	"bytes"
	"errors"
)

// head is the parsed head of a request or an answer. Its spans point into buf,
// and it is used again for the next one.
type head struct {
	buf    []byte // first line to empty line
	fields []field

	method, uri span // of requests
	status      int  // of answers
	reason      span
	minor       int // of HTTP/1.x

	host       span  // value of the Host field, or the authority of the uri
	path       span  // of the uri, from its slash
	query      span  // of the uri, behind the question mark
	length     int64 // Content-Length, -1: none
	chunked    bool
	close      bool // Connection says close
	keepAlive  bool // Connection says keep-alive
	upgrade    bool // Connection says upgrade, and there is an Upgrade field
	expect     bool // Expect: 100-continue
	options    int  // further Connection options
	trailers   bool // TE: trailers
	acceptable string
	ambiguous  string // why a desync mitigation would look twice
}

type span struct{ from, to int32 }

type field struct {
	name, value span
	id          fieldID
}

// fieldID is a field name that we look at.
type fieldID uint8

const (
	otherField fieldID = iota
	fieldHost
	fieldConnection
	fieldKeepAlive
	fieldProxyConnection
	fieldTransferEncoding
	fieldContentLength
	fieldUpgrade
	fieldTE
	fieldTrailer
	fieldExpect
	fieldForwardedFor
	fieldForwardedProto
	fieldForwardedPort
	fieldTraceID
	fieldCookie
	fieldSetCookie
	fieldUserAgent
	fieldServer
	fieldDate
	fieldTLSVersion
	fieldTLSCipher
	fieldHTTP2Settings
	fieldContentType
)

func (h *head) bytes(s span) []byte { return h.buf[s.from:s.to] }

func (h *head) text(s span) string { return string(h.buf[s.from:s.to]) }

func (h *head) has(s span) bool { return s.to > s.from }

// value is the first field of a known name.
func (h *head) value(id fieldID) []byte {
	for i := range h.fields {
		if h.fields[i].id == id {
			return h.bytes(h.fields[i].value)
		}
	}
	return nil
}

// refusal is why a head is not taken: the status to answer a client with.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

func refuse(status int, reason string) error { return &refusal{status, reason} }

// Bounds of heads, AWS's.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const (
	maxLine         = 16 << 10
	maxRequestHead  = 64 << 10
	maxResponseHead = 32 << 10
	maxFields       = 512
)

var (
	crlfcrlf      = []byte("\r\n\r\n")
	errBareLF     = refuse(400, "a line that ends with LF alone")
	errBadAnswer  = errors.New("a malformed answer")
	errLongAnswer = errors.New("an answer with too long a head")
)

// findHead gives the length of the head at the beginning of b, or 0 when its end
// has not come. From is how much of b an earlier call has seen. A line that does
// not end as it should is refused at once: its sender waits for an answer.
func findHead(b []byte, from int) (int, error) {
	from = max(from-3, 0)
	if i := bytes.Index(b[from:], crlfcrlf); i >= 0 {
		return from + i + 4, nil
	}
	for i := from; ; i++ {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0, nil
		}
		i += n
		if i == 0 || b[i-1] != '\r' {
			return 0, errBareLF
		}
	}
}

// reset prepares a head for the bytes of another.
func (h *head) reset(buf []byte) {
	*h = head{buf: buf, fields: h.fields[:0], length: -1}
}

// parseRequest reads a whole request head, which stays in buf. The error is a
// *refusal.
func (h *head) parseRequest(buf []byte) error {
	h.reset(buf)
	end := bytes.IndexByte(buf, '\n')
	if end < 1 || buf[end-1] != '\r' {
		return errBareLF
	}
	line := buf[:end-1]
	if len(line) > maxLine {
		return refuse(414, "a request line that is too long")
	}
	if len(buf) > maxRequestHead+maxLine {
		return refuse(400, "a head that is too long")
	}
	m := bytes.IndexByte(line, ' ')
	u := bytes.LastIndexByte(line, ' ')
	if m <= 0 || u <= m+1 {
		return refuse(400, "a malformed request line")
	}
	for _, c := range line[:m] {
		if !tokenByte[c] {
			return refuse(400, "a malformed method")
		}
	}
	version := line[u+1:]
	switch {
	case string(version) == "HTTP/1.1":
		h.minor = 1
	case string(version) == "HTTP/1.0":
	case len(version) == 8 && string(version[:5]) == "HTTP/" && digit(version[5]) && version[6] == '.' && digit(version[7]):
		return refuse(505, "another version of HTTP")
	default:
		return refuse(400, "a malformed version")
	}
	h.method = span{0, int32(m)}
	h.uri = span{int32(m + 1), int32(u)}
	for _, c := range line[m+1 : u] {
		if c <= ' ' || c == 0x7f {
			return refuse(400, "a malformed target")
		}
		if c >= 0x80 {
			h.acceptable = "UriNonAscii"
		}
	}
	if err := h.parseFields(int32(end+1), maxLine); err != nil {
		return err
	}
	if err := h.parseTarget(); err != nil {
		return err
	}
	return h.checkRequest()
}

// parseTarget finds host, path and query.
func (h *head) parseTarget() error {
	uri := h.bytes(h.uri)
	at := h.uri.from
	switch {
	case uri[0] == '/':
	case len(uri) == 1 && uri[0] == '*' && h.text(h.method) == "OPTIONS":
	case len(uri) > 7 && equalFold(uri[:7], "http://"), len(uri) > 8 && equalFold(uri[:8], "https://"):
		authority := int32(bytes.Index(uri, []byte("//"))) + 2
		end := authority
		for int(end) < len(uri) && uri[end] != '/' && uri[end] != '?' {
			end++
		}
		if end == authority || bytes.IndexByte(uri[authority:end], '@') >= 0 {
			return refuse(400, "a malformed authority")
		}
		h.host = span{at + authority, at + end}
		at += end
	default:
		return refuse(400, "a malformed target")
	}
	h.path = span{at, h.uri.to}
	rest := h.bytes(h.path)
	if i := bytes.IndexByte(rest, '#'); i >= 0 {
		h.acceptable = "FragmentInUri"
	}
	if q := bytes.IndexByte(rest, '?'); q >= 0 {
		h.query = span{at + int32(q) + 1, h.path.to}
		h.path.to = at + int32(q)
	}
	return nil
}

// checkRequest refuses what two parsers could read in two ways.
func (h *head) checkRequest() error {
	hosts := 0
	for i := range h.fields {
		if h.fields[i].id == fieldHost {
			hosts++
			if !h.has(h.host) {
				h.host = h.fields[i].value
			}
		}
	}
	switch {
	case hosts > 1:
		return refuse(400, "MultipleHosts")
	case hosts == 0 && h.minor > 0:
		return refuse(400, "MissingHost")
	}
	for _, c := range h.bytes(h.host) {
		if !hostByte[c] {
			return refuse(400, "BadHost")
		}
	}
	if h.chunked && h.minor == 0 {
		return refuse(400, "TransferEncodingInHTTP10")
	}
	if m := h.bytes(h.method); (h.length >= 0 || h.chunked) && (string(m) == "GET" || string(m) == "HEAD") {
		switch {
		case h.chunked:
			h.ambiguous = "UndefinedTransferEncodingSemantics"
		case h.length > 0:
			h.ambiguous = "UndefinedContentLengthSemantics"
		default:
			h.acceptable = "GetHeadZeroContentLength"
		}
	}
	return nil
}

// parseAnswer reads a whole head of an answer.
func (h *head) parseAnswer(buf []byte) error {
	h.reset(buf)
	end := bytes.IndexByte(buf, '\n')
	// HTTP/1.1 200
	if end < 13 || buf[end-1] != '\r' || string(buf[:7]) != "HTTP/1." || !digit(buf[7]) || buf[8] != ' ' ||
		!digit(buf[9]) || !digit(buf[10]) || !digit(buf[11]) || buf[12] != ' ' && buf[12] != '\r' {
		return errBadAnswer
	}
	if buf[7] != '0' {
		h.minor = 1
	}
	h.status = int(buf[9]-'0')*100 + int(buf[10]-'0')*10 + int(buf[11]-'0')
	if h.status < 100 {
		return errBadAnswer
	}
	if end > 13 {
		h.reason = span{13, int32(end - 1)}
	}
	for _, c := range h.bytes(h.reason) {
		if c < ' ' && c != '\t' || c == 0x7f {
			return errBadAnswer
		}
	}
	if err := h.parseFields(int32(end+1), maxResponseHead); err != nil {
		return errBadAnswer
	}
	return nil
}

// parseFields reads the lines from at to the empty one.
func (h *head) parseFields(at int32, longest int) error {
	buf := h.buf
	for {
		n := bytes.IndexByte(buf[at:], '\n')
		if n < 1 || buf[int(at)+n-1] != '\r' {
			return errBareLF
		}
		if n == 1 {
			return nil
		}
		if n > longest {
			return refuse(400, "a field that is too long")
		}
		if len(h.fields) == maxFields {
			return refuse(400, "too many fields")
		}
		end := at + int32(n) - 1
		colon := at
		for colon < end && tokenByte[buf[colon]] {
			colon++
		}
		if colon == at || colon == end || buf[colon] != ':' {
			// also a space before the colon, and a folded line
			return refuse(400, "a malformed field name")
		}
		f := field{name: span{at, colon}, value: span{colon + 1, end}}
		for f.value.from < end && blank(buf[f.value.from]) {
			f.value.from++
		}
		for f.value.to > f.value.from && blank(buf[f.value.to-1]) {
			f.value.to--
		}
		for _, c := range buf[f.value.from:f.value.to] {
			if badValue[c] {
				return refuse(400, "a malformed field value")
			}
		}
		if f.id = fieldOf(buf[at:colon]); f.id != otherField {
			if err := h.look(f); err != nil {
				return err
			}
		}
		h.fields = append(h.fields, f)
		at += int32(n) + 1
	}
}

// look takes what a field says about the message's frame.
func (h *head) look(f field) error {
	value := h.bytes(f.value)
	switch f.id {
	case fieldContentLength:
		n, ok := decimal(value)
		if !ok {
			return refuse(400, "BadContentLength")
		}
		if h.length >= 0 {
			return refuse(400, "MultipleContentLength")
		}
		if h.chunked {
			return refuse(400, "BothTeClPresent")
		}
		h.length = n
	case fieldTransferEncoding:
		if h.chunked {
			return refuse(400, "MultipleTransferEncoding")
		}
		if h.length >= 0 {
			return refuse(400, "BothTeClPresent")
		}
		if !equalFold(value, "chunked") {
			return refuse(501, "UndefinedTransferEncoding")
		}
		h.chunked = true
	case fieldConnection:
		h.lookConnection(value)
	case fieldUpgrade:
		h.upgrade = h.upgrade || h.has(f.value)
	case fieldExpect:
		h.expect = equalFold(value, "100-continue")
	case fieldTE:
		h.trailers = bytes.Contains(bytes.ToLower(value), []byte("trailers"))
	}
	return nil
}

func (h *head) lookConnection(value []byte) {
	for len(value) > 0 {
		option := value
		if i := bytes.IndexByte(value, ','); i >= 0 {
			option, value = value[:i], value[i+1:]
		} else {
			value = nil
		}
		option = bytes.TrimSpace(option)
		switch {
		case len(option) == 0:
		case equalFold(option, "close"):
			h.close = true
		case equalFold(option, "keep-alive"):
			h.keepAlive = true
		default:
			h.options++
		}
	}
}

// named tells whether Connection names a field, which then goes no further.
func (h *head) named(name []byte) bool {
	for i := range h.fields {
		if h.fields[i].id != fieldConnection {
			continue
		}
		for _, option := range bytes.Split(h.bytes(h.fields[i].value), []byte(",")) {
			if bytes.EqualFold(bytes.TrimSpace(option), name) {
				return true
			}
		}
	}
	return false
}

// wantsUpgrade tells whether a request asks for another protocol. It is not
// HTTP/2: behind that requests would go past the rules.
func (h *head) wantsUpgrade() bool {
	if !h.upgrade || h.minor == 0 || h.options == 0 || !h.named([]byte("upgrade")) {
		return false
	}
	return !bytes.Contains(bytes.ToLower(h.value(fieldUpgrade)), []byte("h2c"))
}

// persists tells whether the connection goes on after this message.
func (h *head) persists() bool {
	if h.minor == 0 {
		return h.keepAlive && !h.close
	}
	return !h.close
}

func decimal(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if !digit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true // 18 digits fit
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
func blank(c byte) bool { return c == ' ' || c == '\t' }

// equalFold compares with a text that is in lower case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if lowerByte[c] != lower[i] {
			return false
		}
	}
	return true
}

var knownFields = [...]struct {
	name string
	id   fieldID
}{
	{"te", fieldTE}, {"host", fieldHost}, {"date", fieldDate}, {"cookie", fieldCookie}, {"expect", fieldExpect},
	{"server", fieldServer}, {"upgrade", fieldUpgrade}, {"trailer", fieldTrailer}, {"connection", fieldConnection},
	{"keep-alive", fieldKeepAlive}, {"set-cookie", fieldSetCookie}, {"user-agent", fieldUserAgent},
	{"content-length", fieldContentLength}, {"content-type", fieldContentType}, {"transfer-encoding", fieldTransferEncoding},
	{"proxy-connection", fieldProxyConnection}, {"x-forwarded-for", fieldForwardedFor}, {"x-forwarded-port", fieldForwardedPort},
	{"x-forwarded-proto", fieldForwardedProto}, {"x-amzn-trace-id", fieldTraceID}, {"x-amzn-tls-version", fieldTLSVersion},
	{"x-amzn-tls-cipher-suite", fieldTLSCipher}, {"http2-settings", fieldHTTP2Settings},
}

// byLength are the known fields by the length of their name.
var byLength = func() (t [24][]int) {
	for i, k := range knownFields {
		t[len(k.name)] = append(t[len(k.name)], i)
	}
	return t
}()

func fieldOf(name []byte) fieldID {
	if len(name) >= len(byLength) {
		return otherField
	}
	for _, i := range byLength[len(name)] {
		if equalFold(name, knownFields[i].name) {
			return knownFields[i].id
		}
	}
	return otherField
}

// Tables of bytes: what a token may have, what a host may, what a value may not.
var (
	tokenByte = table(func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || digit(c) || bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
	})
	hostByte = table(func(c byte) bool {
		return tokenByte[c] || bytes.IndexByte([]byte(":[]();,="), c) >= 0
	})
	badValue  = table(func(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f })
	plainName = table(func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || digit(c) || c == '-'
	})
	lowerByte = func() (t [256]byte) {
		for i := range t {
			t[i] = byte(i)
			if 'A' <= i && i <= 'Z' {
				t[i] += 'a' - 'A'
			}
		}
		return t
	}()
)

func table(in func(byte) bool) (t [256]bool) {
	for i := range t {
		t[i] = in(byte(i))
	}
	return t
}
