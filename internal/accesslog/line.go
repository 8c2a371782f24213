// Package accesslog writes what load balancers carried into S3, as AWS does: a
// line per request, gzipped objects. It is told on a request's way and so only
// copies there; Run ships, once a minute, what has come.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
package accesslog

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/hatoba/hatoba/internal/lb"
)

const timeForm = "2006-01-02T15:04:05.000000Z"

// appendLine appends an entry in AWS's format, with its line end. name is
// "app/NAME/ID".
func appendLine(b []byte, name string, e *lb.Entry) []byte {
	field := func(text string) {
		if text == "" {
			text = "-"
		}
		b = append(append(b, text...), ' ')
	}
	quoted := func(text string) {
		if text == "" {
			text = "-"
		}
		b = append(appendEscaped(append(b, '"'), text), '"', ' ')
	}
	field(e.Type)
	field(e.Time.UTC().Format(timeForm))
	field(name)
	field(place(e.Client))
	field(place(e.Target))
	field(seconds(e.RequestTime))
	field(seconds(e.TargetTime))
	field(seconds(e.ResponseTime))
	field(code(e.Status))
	field(code(e.TargetStatus))
	field(strconv.FormatInt(e.Received, 10))
	field(strconv.FormatInt(e.Sent, 10))
	quoted(e.Method + " " + e.URL + " " + e.Version)
	quoted(e.UserAgent)
	field(e.Cipher)
	field(e.TLSVersion)
	field(e.Group)
	quoted(e.TraceID)
	quoted(e.Host)
	quoted(e.Certificate)
	field(priority(e.RulePriority))
	field(e.Created.UTC().Format(timeForm))
	quoted(e.Action)
	quoted(e.RedirectURL)
	quoted(e.ErrorReason)
	quoted(place(e.Target))
	quoted(code(e.TargetStatus))
	quoted(e.Classification)
	quoted(e.ClassificationReason)
	return append(b, "-\n"...) // connections have no trace id
}

func place(a netip.AddrPort) string {
	if !a.IsValid() {
		return "-"
	}
	return a.String()
}

func seconds(d time.Duration) string {
	if d < 0 {
		return "-1"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
}

func code(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func priority(n int) string {
	if n < 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// appendEscaped keeps what comes from clients on its line: what is not
// printable ASCII, and quotes, become \xHH.
func appendEscaped(b []byte, text string) []byte {
	const digits = "0123456789abcdef"
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}
