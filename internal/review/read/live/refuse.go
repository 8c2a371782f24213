package live

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/hatoba/hatoba/internal/review"
)

// refused turns an API's refusal into a gap: which operation, which code, and
// what to do about it.
func refused[T any](err error, action string) review.Given[T] {
	why, how := reason(err, action)
	return review.Missing[T](why, how)
}

// reason says why a call failed. action is the IAM action the call needs.
func reason(err error, action string) (why, how review.Text) {
	code, status := codeOf(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return review.Say("%s: no answer in time", "%s: 時間内に応答がなかった", action),
			review.Say("run the review again; if it stays so, look whether the endpoint can be reached", "もう一度レビューを実行し、続くならエンドポイントに届くかを確認してください")
	case strings.Contains(code, "AccessDenied") || code == "UnauthorizedOperation" || code == "AuthorizationError" || code == "Forbidden" || status == 403:
		return review.Say("%s was refused: %s", "%s が拒否された: %s", action, cmp.Or(code, "403")),
			review.Say("grant the reviewer %s, or review with a profile that has it", "レビュー担当に %s を許可するか、権限を持つプロファイルでレビューしてください", action)
	case code == "UnsupportedOperationException" || code == "UnknownOperationException" || code == "InvalidAction" || code == "NotImplemented" || code == "" && (status == 404 || status == 405 || status == 501):
		return review.Say("%s is not served by this endpoint (%s)", "%s はこのエンドポイントでは提供されていない(%s)", action, cmp.Or(code, "HTTP error")),
			review.Say("nothing to grant: this endpoint has no such API, so check this point by hand where the service runs", "権限では解決しません。このエンドポイントにはこの API がないので、サービスが動く場所で直接確認してください")
	case strings.Contains(code, "Throttl") || code == "RequestLimitExceeded" || code == "TooManyRequestsException":
		return review.Say("%s was throttled: %s", "%s がスロットリングされた: %s", action, code),
			review.Say("run the review again later", "時間をおいてレビューを再実行してください")
	case code != "":
		return review.Say("%s failed: %s", "%s が失敗した: %s", action, code),
			review.Say("look into %s with the AWS CLI, then run the review again", "AWS CLI で %s を確認してから、レビューを再実行してください", action)
	}
	return review.Say("%s failed: %s", "%s が失敗した: %s", action, last(err)),
		review.Say("look whether the endpoint can be reached and speaks this API, then run the review again", "エンドポイントに届き、この API に対応しているかを確認して、レビューを再実行してください")
}

func codeOf(err error) (code string, status int) {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "UnknownError" {
		code = api.ErrorCode()
		// Newer protocols qualify it: com.amazonaws.ecs#AccessDeniedException.
		code = code[strings.LastIndexByte(code, '#')+1:]
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	return code, status
}

// is reports whether the API answered with one of the codes.
func is(err error, codes ...string) bool {
	code, _ := codeOf(err)
	for _, c := range codes {
		if code == c {
			return true
		}
	}
	return false
}

// last is the innermost error: the outer ones repeat operation and request id.
func last(err error) string {
	if err == nil {
		return "the answer is empty"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			text := err.Error()
			return text[:min(len(text), 200)]
		}
		err = inner
	}
}
