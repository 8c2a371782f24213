package events

import (
	"encoding/json"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// ImageActionEvent is the detail type of what is done to images.
const ImageActionEvent = "ECR Image Action"

// ImageAction tells of an image that was pushed or deleted.
type ImageAction struct {
	Result     string `json:"result"` // SUCCESS or FAILURE
	Repository string `json:"repository-name"`
	Digest     string `json:"image-digest"`
	Action     string `json:"action-type"` // PUSH or DELETE
	Tag        string `json:"image-tag"`
}

// ImageChanged tells of an image.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
func ImageChanged(w store.Writer, scope state.Scope, action ImageAction, now time.Time) error {
	if !IsHeard(w, scope, Default, "aws.ecr", ImageActionEvent) {
		return nil
	}
	detail, err := json.Marshal(action)
	if err != nil {
		return err
	}
	id := ID("image", action.Repository, action.Digest, action.Tag, action.Action, now.UTC().Format(time.RFC3339Nano))
	return Emit(w, scope, Default, envelope(scope, id, "aws.ecr", ImageActionEvent, now, []string{}, detail))
}
