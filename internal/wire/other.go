package wire

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// serveOther answers what speaks none of the protocols: a signed request is a
// client of a service that is not served, and is told so in the form such
// clients read; anybody else gets NotFound or a short text.
func (h *handler) serveOther(w http.ResponseWriter, r *http.Request) {
	cred, err := sigv4.ReadCredential(r)
	var f *failure
	switch {
	case err != nil:
		f = failureOfAuth(authError(err), "", Query)
	case cred.AccessKey != "":
		f = unservedService(cred.Service, r.Method+" "+r.URL.Path, h.served)
	}
	switch {
	case f != nil && strings.Contains(r.Header.Get("Authorization")+r.URL.RawQuery, "AWS4-"):
		req := &request{http: r, id: h.cfg.NewRequestID()}
		p := restProtocol(cred.Service)
		h.write(w, p, req, f, p.encodeError(nil, nil, f, req.id))
	case h.cfg.NotFound != nil:
		h.cfg.NotFound.ServeHTTP(w, r)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprintf(w, "Hatoba serves AWS APIs here: %s.\n\n  eval \"$(hatoba env)\"\n  aws sts get-caller-identity\n", h.served)
	}
}

// restProtocol is the one whose errors the REST clients of a service read:
// XML for the few that speak it, JSON for the rest.
func restProtocol(service string) protocol {
	switch service {
	case "s3", "route53", "cloudfront":
		return awsQuery{}
	}
	return awsJSON{contentType: "application/json"}
}
