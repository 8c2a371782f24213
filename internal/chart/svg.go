package chart

import (
	"fmt"
	"html"
	"strings"
)

// What an SVG measures, in its own units.
const (
	plot, height            = 860, 420
	left, right, above, low = 70, 190, 40, 50 // margins
	ticks                   = 5
	letter                  = 7 // what a letter takes at most, nearly
	line                    = 16
)

// colours are told apart by people who see colours otherwise, too.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"}

// SVG draws the chart as a document of its own, without anything from outside.
func (c Chart) SVG() []byte {
	from, to, top := c.bounds()
	width := plot // wider where the legend's names are
	for _, l := range c.Lines {
		width = max(width, plot-right+38+letter*len(l.Name))
	}
	x := func(v float64) float64 { return left + (v-from)/(to-from)*(plot-left-right) }
	y := func(v float64) float64 { return height - low - v/top*(height-above-low) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height+line*len(c.Notes))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height+line*len(c.Notes))
	text := func(x, y float64, anchor, s string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(s))
	}
	text(left, 20, "start", c.Title)
	text(4, above-6, "start", c.Y)
	text(plot-right, height-12, "end", c.X)
	for i := range ticks + 1 {
		share := float64(i) / ticks
		at := y(top * share)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>`+"\n", left, at, plot-right, at)
		text(left-6, at+4, "end", number(top*share))
		text(x(from+(to-from)*share), height-low+18, "middle", c.xText(from+(to-from)*share))
	}
	for i, l := range c.Lines {
		colour := colours[i%len(colours)]
		fmt.Fprintf(&b, `<path d="%s" %s/>`+"\n", path(l, x, y), style(l, colour))
		at := float64(above + 20*i)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="%s" stroke-width="3"/>`+"\n", plot-right+12, at, plot-right+32, at, colour)
		text(plot-right+38, at+4, "start", l.Name)
	}
	for i, note := range c.Notes {
		text(left, float64(height+line*i), "start", note)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// style is how a line's path is drawn.
func style(l Line, colour string) string {
	switch {
	case l.Filled:
		return fmt.Sprintf(`fill="%s" fill-opacity="0.3"`, colour)
	case l.Dashed:
		return fmt.Sprintf(`fill="none" stroke="%s" stroke-width="2" stroke-dasharray="5 3"`, colour)
	}
	return fmt.Sprintf(`fill="none" stroke="%s" stroke-width="2"`, colour)
}

func path(l Line, x, y func(float64) float64) string {
	var b strings.Builder
	for i, p := range l.Points {
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%.1f %.1f", x(p.X), y(p.Y))
		case l.Steps:
			fmt.Fprintf(&b, "H%.1fV%.1f", x(p.X), y(p.Y))
		default:
			fmt.Fprintf(&b, "L%.1f %.1f", x(p.X), y(p.Y))
		}
	}
	if n := len(l.Points); l.Filled && n > 0 {
		fmt.Fprintf(&b, "V%.1fH%.1fZ", y(0), x(l.Points[0].X))
	}
	return b.String()
}
