package simulate

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// The drawing's sizes.
const (
	svgWidth, svgHeight     = 960, 420
	svgLeft, svgRight       = 56, 56
	svgTop, svgBottom       = 40, 64
	plotWidth, plotHeight   = svgWidth - svgLeft - svgRight, svgHeight - svgTop - svgBottom
	loadColor, desiredColor = "#8fb8de", "#d1495b"
	runningColor            = "#2e4057"
)

// WriteSVG draws load (as an area, scaled by what a task can take) with the
// desired and the running tasks.
func (r Result) WriteSVG(w io.Writer) error {
	var b strings.Builder
	most := 1.0
	for _, m := range r.Minutes {
		most = max(most, float64(m.Desired), float64(m.Running), m.Load/r.PerTask)
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="#333">`+"\n", svgWidth, svgHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", svgWidth, svgHeight)
	r.axes(&b, most)
	var area, desired, running strings.Builder
	for i, m := range r.Minutes {
		x := svgLeft + float64(plotWidth)*float64(i)/float64(len(r.Minutes))
		next := svgLeft + float64(plotWidth)*float64(i+1)/float64(len(r.Minutes))
		y := func(v float64) float64 { return svgTop + float64(plotHeight)*(1-v/most) }
		if i == 0 {
			fmt.Fprintf(&area, "M%.1f %d", x, svgTop+plotHeight)
			fmt.Fprintf(&desired, "M%.1f %.1f", x, y(float64(m.Desired)))
			fmt.Fprintf(&running, "M%.1f %.1f", x, y(float64(m.Running)))
		}
		fmt.Fprintf(&area, "L%.1f %.1f", (x+next)/2, y(m.Load/r.PerTask))
		fmt.Fprintf(&desired, "V%.1fH%.1f", y(float64(m.Desired)), next)
		fmt.Fprintf(&running, "V%.1fH%.1f", y(float64(m.Running)), next)
	}
	fmt.Fprintf(&area, "L%d %dZ", svgLeft+plotWidth, svgTop+plotHeight)
	fmt.Fprintf(&b, `<path d="%s" fill="%s" fill-opacity="0.5"/>`+"\n", area.String(), loadColor)
	fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="5 3"/>`+"\n", desired.String(), desiredColor)
	fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", running.String(), runningColor)
	for i, line := range strings.Split(r.Summary(), "\n") {
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", svgLeft, svgHeight-24+16*i, html.EscapeString(line))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// axes draws the frame, a scale of tasks, times, and what the lines are.
func (r Result) axes(b *strings.Builder, most float64) {
	step := 1
	for int(most)/step > 10 {
		step *= 2
	}
	for n := 0; float64(n) <= most; n += step {
		y := svgTop + float64(plotHeight)*(1-float64(n)/most)
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#e5e5e5"/><text x="%d" y="%.1f" text-anchor="end">%d</text>`+"\n", svgLeft, y, svgLeft+plotWidth, svgLeft-8, y+4, n)
	}
	for i := range 7 {
		k := i * (len(r.Minutes) - 1) / 6
		if len(r.Minutes) == 0 {
			break
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", svgLeft+float64(plotWidth*i)/6, svgTop+plotHeight+18, r.Minutes[k].At.Format("15:04"))
	}
	for i, l := range []struct{ color, name string }{
		{loadColor, "load, in tasks that it fills"}, {desiredColor, "desired"}, {runningColor, "running"},
	} {
		x := svgLeft + []int{0, 220, 320}[i]
		fmt.Fprintf(b, `<rect x="%d" y="14" width="12" height="12" fill="%s"/><text x="%d" y="24">%s</text>`+"\n", x, l.color, x+18, l.name)
	}
}
