// Package chart draws lines over two axes, as text for a terminal and as SVG.
// The same data draws the same bytes.
package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Chart is what is drawn.
type Chart struct {
	Title string
	X, Y  string // what the axes show, with units
	Lines []Line
	// XText words a value of the X axis; nil: as a number.
	XText func(float64) string
	Notes []string // lines below an SVG
}

// Line is a named row of points, by X.
type Line struct {
	Name   string
	Points []Point
	// Steps holds a value until the next point, instead of going there straight.
	Steps bool
	// Filled draws the area below it in an SVG, and Dashed lets what is behind it
	// be seen.
	Filled, Dashed bool
}

// Point is a place on a chart.
type Point struct{ X, Y float64 }

// At is the line's value at x: false before its first point.
func (l Line) At(x float64) (float64, bool) {
	for i := len(l.Points) - 1; i >= 0; i-- {
		p := l.Points[i]
		if p.X > x {
			continue
		}
		if i == len(l.Points)-1 || l.Steps {
			return p.Y, true
		}
		next := l.Points[i+1]
		return p.Y + (next.Y-p.Y)*(x-p.X)/(next.X-p.X), true
	}
	return 0, false
}

// bounds are the least and the greatest X, and the top of a Y axis that begins
// at zero.
func (c Chart) bounds() (from, to, top float64) {
	from, to = math.Inf(1), math.Inf(-1)
	for _, l := range c.Lines {
		for _, p := range l.Points {
			from, to, top = min(from, p.X), max(to, p.X), max(top, p.Y)
		}
	}
	if from > to {
		from, to = 0, 1
	}
	if from == to {
		to = from + 1
	}
	return from, to, round(top)
}

// round is the next of 1, 2, 2.5, 5 and 10 times a power of ten.
func round(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 2.5, 5, 10} {
		if v <= f*unit*(1+1e-9) {
			return f * unit
		}
	}
	return 10 * unit
}

func number(v float64) string {
	if v >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

func (c Chart) xText(v float64) string {
	if c.XText != nil {
		return c.XText(v)
	}
	return number(v)
}

const marks = "*o+x#@"

// Text draws the chart in that many columns and rows, axes and legend beside.
func (c Chart) Text(columns, rows int) string {
	from, to, top := c.bounds()
	grid := make([][]byte, rows)
	for i := range grid {
		grid[i] = []byte(strings.Repeat(" ", columns))
	}
	for i, l := range c.Lines {
		for x := range columns {
			y, ok := l.At(from + (to-from)*float64(x)/float64(columns-1))
			if row := int(math.Round(y / top * float64(rows-1))); ok && row >= 0 {
				grid[rows-1-min(row, rows-1)][x] = marks[i%len(marks)]
			}
		}
	}
	var b strings.Builder
	if c.Title != "" {
		fmt.Fprintln(&b, c.Title)
	}
	fmt.Fprintln(&b, c.Y)
	for i, line := range grid {
		label := ""
		if i%4 == 0 || i == rows-1 {
			label = number(top * float64(rows-1-i) / float64(rows-1))
		}
		fmt.Fprintf(&b, "%8s |%s\n", label, strings.TrimRight(string(line), " "))
	}
	fmt.Fprintf(&b, "%8s +%s\n", "", strings.Repeat("-", columns))
	left, right := c.xText(from), c.xText(to)
	fmt.Fprintf(&b, "%8s  %s%s%s  %s\n", "", left, strings.Repeat(" ", max(1, columns-len(left)-len(right))), right, c.X)
	for i, l := range c.Lines {
		fmt.Fprintf(&b, "%10c %s\n", marks[i%len(marks)], l.Name)
	}
	return b.String()
}
