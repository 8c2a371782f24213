package app

import (
	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/aws/autoscaling"
	"github.com/hatoba/hatoba/internal/control/scaling"
)

// openScaling makes the front door of Application Auto Scaling, and the loop
// that carries it out.
func (a *App) openScaling() *autoscaling.Service {
	door := autoscaling.New(autoscaling.Config{Store: a.store, NewID: uuid.NewString})
	a.scaling = &scaling.Loop{
		Store: a.store, Metrics: a.metrics, NewID: uuid.NewString, Log: a.log,
		Remove: door.Remove,
	}
	return door
}
