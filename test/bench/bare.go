package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// The key the load signs with.
const benchKey, benchSecret = "123456789012", "hatoba"

// serveBare is the process behind -bare: the least an API can do, net/http with
// a checked signature, a decoded input and an encoded answer of one ARN.
func serveBare(address string) error {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/_hatoba/health" {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		signature, err := sigv4.Read(r)
		if err == nil {
			err = signature.Check(r, benchSecret, sigv4.Hash(body))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		var in ecs.ListClustersInput
		if err := json.Unmarshal(body, &in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		out, err := json.Marshal(map[string][]string{"clusterArns": {"arn:aws:ecs:us-east-1:123456789012:cluster/default"}})
		if err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("Content-Length", strconv.Itoa(len(out)))
		_, _ = w.Write(out)
	}))
}
