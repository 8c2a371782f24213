package lb

import (
	"net/http"
	"strconv"
	"time"
)

// reply is an answer of our own.
type reply struct {
	status      int
	contentType string
	body        string
	location    string
	own         bool   // body is given, even if it is empty
	action      string // for the access log
	reason      string // error_reason of the access log
}

func errorReply(status int, reason string) *reply { return &reply{status: status, reason: reason} }

// statusText is what AWS's load balancers write behind a status.
func statusText(status int) string {
	switch status {
	case 408:
		return "Request Time-out"
	case 414:
		return "Request-URI Too Large"
	case 463:
		return "Too Many IP Addresses"
	case 464:
		return "Incompatible Protocol Versions"
	case 503:
		return "Service Temporarily Unavailable"
	case 504:
		return "Gateway Time-out"
	}
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "Status"
}

// page is the body of errors and redirects.
func (r *reply) page() (contentType, body string) {
	if r.own {
		contentType = r.contentType
		if contentType == "" {
			contentType = "text/plain"
		}
		return contentType + "; charset=utf-8", r.body
	}
	title := strconv.Itoa(r.status) + " " + statusText(r.status)
	return "text/html", "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" +
		title + "</h1></center>\r\n</body>\r\n</html>\r\n"
}

// append writes a whole answer of HTTP/1.1.
func (r *reply) append(dst []byte, now time.Time, keep, headOnly bool) []byte {
	contentType, body := r.page()
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(r.status), 10)
	dst = append(dst, ' ')
	dst = append(dst, statusText(r.status)...)
	dst = append(dst, "\r\nServer: awselb/2.0\r\nDate: "...)
	dst = append(dst, httpDate(now)...)
	bodiless := r.status == 204 || r.status == 304
	if !bodiless {
		dst = append(dst, "\r\nContent-Type: "...)
		dst = append(dst, contentType...)
		dst = append(dst, "\r\nContent-Length: "...)
		dst = strconv.AppendInt(dst, int64(len(body)), 10)
	}
	if keep {
		dst = append(dst, "\r\nConnection: keep-alive\r\n"...)
	} else {
		dst = append(dst, "\r\nConnection: close\r\n"...)
	}
	if r.location != "" {
		dst = append(dst, "Location: "...)
		dst = append(dst, r.location...)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, "\r\n"...)
	if headOnly || bodiless {
		return dst
	}
	return append(dst, body...)
}
