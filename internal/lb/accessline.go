package lb

import (
	"net/netip"
	"strconv"
	"time"
)

// Append writes the entry as a line of AWS's access log format, without its end
// of line. Balancer is app/NAME/ID or net/NAME/ID.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-entry-format
// and, for TLS listeners,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html#access-log-entry-format
func (e *Entry) Append(dst []byte, balancer string) []byte {
	l := line{b: dst}
	if e.Type == "tls" {
		l.flow(e, balancer)
	} else {
		l.request(e, balancer)
	}
	return l.b[:len(l.b)-1]
}

// line is a line that grows; each of its values ends with a space.
type line struct{ b []byte }

func (l *line) request(e *Entry, balancer string) {
	l.bare(e.Type)
	l.time(e.Time, "2006-01-02T15:04:05.000000Z")
	l.bare(balancer)
	l.address(e.Client)
	l.address(e.Target)
	l.seconds(e.RequestTime)
	l.seconds(e.TargetTime)
	l.seconds(e.ResponseTime)
	l.status(e.Status)
	l.status(e.TargetStatus)
	l.number(e.Received)
	l.number(e.Sent)
	l.quoted(e.Method + " " + e.URL + " " + e.Version)
	l.quoted(e.UserAgent)
	l.bare(e.Cipher)
	l.bare(e.TLSVersion)
	l.bare(e.Group)
	l.quoted(e.TraceID)
	l.quoted(e.Host)
	l.quoted(e.Certificate)
	l.number(int64(e.RulePriority))
	l.time(e.Created, "2006-01-02T15:04:05.000000Z")
	l.quoted(e.Action)
	l.quoted(e.RedirectURL)
	l.quoted(e.ErrorReason)
	targets, statuses := "", ""
	if e.Target.IsValid() {
		targets = e.Target.String()
	}
	if e.TargetStatus != 0 {
		statuses = strconv.Itoa(e.TargetStatus)
	}
	l.quoted(targets)
	l.quoted(statuses)
	l.quoted(e.Classification)
	l.quoted(e.ClassificationReason)
	l.bare("") // conn_trace_id: there are no connection logs
}

func (l *line) flow(e *Entry, balancer string) {
	l.bare("tls")
	l.bare("2.0")
	l.time(e.Time, "2006-01-02T15:04:05")
	l.bare(balancer)
	l.bare(e.Listener)
	l.address(e.Client)
	l.address(e.Target)
	l.number(e.Time.Sub(e.Created).Milliseconds())
	l.bare("") // tls_handshake_time
	l.number(e.Received)
	l.number(e.Sent)
	l.bare("") // incoming_tls_alert
	l.bare(e.Certificate)
	l.bare("") // chosen_cert_serial
	l.bare(e.Cipher)
	l.bare(e.TLSVersion)
	l.bare("") // tls_named_group
	l.bare(e.Host)
	l.bare("") // alpn_fe_protocol
	l.bare("") // alpn_be_protocol
	l.bare("") // alpn_client_preference_list
	l.time(e.Created, "2006-01-02T15:04:05")
}

func (l *line) end() { l.b = append(l.b, ' ') }

// escaped appends text that cannot end its value, or its line.
func (l *line) escaped(text string) {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			l.b = append(l.b, '\\', 'x', digits[c>>4], digits[c&15])
		} else {
			l.b = append(l.b, c)
		}
	}
}

func (l *line) bare(text string) {
	if text == "" {
		text = "-"
	}
	l.escaped(text)
	l.end()
}

func (l *line) quoted(text string) {
	if text == "" {
		text = "-"
	}
	l.b = append(l.b, '"')
	l.escaped(text)
	l.b = append(l.b, '"')
	l.end()
}

func (l *line) time(t time.Time, layout string) {
	l.b = t.UTC().AppendFormat(l.b, layout)
	l.end()
}

func (l *line) address(a netip.AddrPort) {
	if !a.IsValid() {
		l.bare("")
		return
	}
	l.b = a.AppendTo(l.b)
	l.end()
}

func (l *line) seconds(d time.Duration) {
	if d < 0 {
		l.b = append(l.b, "-1"...)
	} else {
		l.b = strconv.AppendFloat(l.b, d.Seconds(), 'f', 3, 64)
	}
	l.end()
}

func (l *line) status(n int) {
	if n == 0 {
		l.bare("")
		return
	}
	l.number(int64(n))
}

func (l *line) number(n int64) {
	l.b = strconv.AppendInt(l.b, n, 10)
	l.end()
}
