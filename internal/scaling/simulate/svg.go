package simulate

import (
	"io"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/chart"
)

// WriteSVG draws load (as an area, scaled by what a task can take) with the
// desired and the running tasks.
func (r Result) WriteSVG(w io.Writer) error {
	load := chart.Line{Name: "load, in tasks it fills", Filled: true}
	running, desired := chart.Line{Name: "running", Steps: true}, chart.Line{Name: "desired", Steps: true, Dashed: true}
	for i, m := range r.Minutes {
		at := float64(i)
		load.Points = append(load.Points, chart.Point{X: at, Y: m.Load / r.PerTask})
		running.Points = append(running.Points, chart.Point{X: at, Y: float64(m.Running)})
		desired.Points = append(desired.Points, chart.Point{X: at, Y: float64(m.Desired)})
	}
	c := chart.Chart{
		Title: "Load and tasks", X: "time", Y: "tasks", Lines: []chart.Line{load, running, desired}, Notes: strings.Split(r.Summary(), "\n"),
		XText: func(minute float64) string {
			if len(r.Minutes) == 0 {
				return ""
			}
			return r.Minutes[0].At.Add(time.Duration(minute * float64(time.Minute))).Format("15:04")
		},
	}
	_, err := w.Write(c.SVG())
	return err
}
