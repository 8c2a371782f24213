package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// protection is the task scale-in protection endpoint: the task asks ECS for
// itself, under its own role.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
type protection struct {
	task Task
	api  http.Handler
}

// patience bounds the call to ECS.
const patience = 10 * time.Second

// maxRequest is far above any request's size.
const maxRequest = 64 << 10

// request is the body of PUT.
type request struct {
	ProtectionEnabled *bool
	ExpiresInMinutes  *int64
}

// reply is the endpoint's answer: one of the three.
type reply struct {
	RequestID  string     `json:"requestID,omitempty"`
	Protection *protected `json:"protection,omitempty"`
	Failure    *failure   `json:"failure,omitempty"`
	Error      *fault     `json:"error,omitempty"`
}

type protected struct {
	ExpirationDate    string `json:",omitempty"`
	ProtectionEnabled bool
	TaskArn           string //nolint:revive // AWS's spelling
}

type failure struct {
	Arn    string
	Detail string `json:",omitempty"`
	Reason string
}

type fault struct {
	Arn     string
	Code    string
	Message string
}

func (p protection) get(w http.ResponseWriter, r *http.Request) {
	if p.admit(w, r) {
		p.call(w, r, "GetTaskProtection", map[string]any{})
	}
}

func (p protection) put(w http.ResponseWriter, r *http.Request) {
	if !p.admit(w, r) {
		return
	}
	var in request
	d := json.NewDecoder(io.LimitReader(r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		p.refuse(w, http.StatusBadRequest, "InvalidParameterException", "UpdateTaskProtection: failed to decode request")
		return
	}
	if in.ProtectionEnabled == nil {
		p.refuse(w, http.StatusBadRequest, "InvalidParameterException", "Invalid request: does not contain 'ProtectionEnabled' field")
		return
	}
	body := map[string]any{"protectionEnabled": *in.ProtectionEnabled}
	if in.ExpiresInMinutes != nil {
		body["expiresInMinutes"] = *in.ExpiresInMinutes
	}
	p.call(w, r, "UpdateTaskProtection", body)
}

// admit refuses who is no container of the task, and tasks without a role.
func (p protection) admit(w http.ResponseWriter, r *http.Request) bool {
	known := false
	for _, c := range p.task.View().Containers {
		known = known || c.ID == r.PathValue("id")
	}
	switch {
	case !known:
		p.refuse(w, http.StatusNotFound, "ResourceNotFoundException", "Failed to find a task for the request")
	case p.task.CredentialsID == "":
		p.refuse(w, http.StatusForbidden, "AccessDeniedException", "Invalid Request: no task IAM role credentials available for task")
	default:
		return true
	}
	return false
}

func (p protection) refuse(w http.ResponseWriter, status int, code, message string) {
	write(w, status, reply{Error: &fault{p.task.Assignment.Task.ARN, code, message}})
}

// call asks ECS over the task's own API and words its answer.
func (p protection) call(w http.ResponseWriter, r *http.Request, operation string, body map[string]any) {
	body["cluster"], body["tasks"] = p.task.Assignment.Task.ClusterARN, []string{p.task.Assignment.Task.ARN}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	status, id, out, err := p.ask(ctx, operation, body)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		p.refuse(w, http.StatusGatewayTimeout, "RequestCanceled", "Timed out calling ECS Task Protection API")
	case err != nil:
		p.refuse(w, http.StatusInternalServerError, "ServerException", "Unexpected error occurred")
	case status != http.StatusOK:
		write(w, status, reply{RequestID: id, Error: &fault{p.task.Assignment.Task.ARN, out.code(), out.Message}})
	case len(out.Failures) > 0:
		f := out.Failures[0]
		write(w, http.StatusOK, reply{RequestID: id, Failure: &failure{f.Arn, f.Detail, f.Reason}})
	case len(out.ProtectedTasks) == 1:
		t := out.ProtectedTasks[0]
		answer := protected{ProtectionEnabled: t.ProtectionEnabled, TaskArn: t.TaskArn}
		if t.ExpirationDate != nil {
			answer.ExpirationDate = time.Unix(int64(*t.ExpirationDate), 0).UTC().Format(time.RFC3339)
		}
		write(w, http.StatusOK, reply{RequestID: id, Protection: &answer})
	default:
		p.refuse(w, http.StatusInternalServerError, "ServerException", "Unexpected error occurred")
	}
}

// answered is what ECS says, of either operation, or its error.
type answered struct {
	ProtectedTasks []struct {
		ExpirationDate    *float64 `json:"expirationDate"`
		ProtectionEnabled bool     `json:"protectionEnabled"`
		TaskArn           string   `json:"taskArn"` //nolint:revive // AWS's spelling
	} `json:"protectedTasks"`
	Failures []struct {
		Arn    string `json:"arn"`
		Detail string `json:"detail"`
		Reason string `json:"reason"`
	} `json:"failures"`
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// code is an error's name without its namespace.
func (a answered) code() string {
	for i := len(a.Type) - 1; i >= 0; i-- {
		if a.Type[i] == '#' {
			return a.Type[i+1:]
		}
	}
	return a.Type
}

func (p protection) ask(ctx context.Context, operation string, body map[string]any) (status int, id string, out answered, err error) {
	b, err := json.Marshal(body)
	if err != nil {
		return 0, "", out, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, APIURL+"/", bytes.NewReader(b))
	if err != nil {
		return 0, "", out, err
	}
	r.RequestURI = "/"
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113."+operation)
	kept := &recorder{header: http.Header{}, status: http.StatusOK}
	p.api.ServeHTTP(kept, r)
	if err := ctx.Err(); err != nil {
		return 0, "", out, err
	}
	err = json.Unmarshal(kept.body.Bytes(), &out)
	return kept.status, kept.header.Get("X-Amzn-Requestid"), out, err
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the asker is gone: nobody to tell
}
