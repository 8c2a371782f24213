package app

import (
	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/aws/autoscaling"
)

// openScaling makes the front door of Application Auto Scaling.
func (a *App) openScaling() *autoscaling.Service {
	return autoscaling.New(autoscaling.Config{Store: a.store, NewID: uuid.NewString})
}
