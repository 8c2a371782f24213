package logdriver

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/protocol"
)

// gatherFor is how long an event of several lines waits for its next line.
// Docker looks every five seconds.
// Source: https://github.com/moby/moby/blob/master/daemon/logger/awslogs/cloudwatchlogs.go
const gatherFor = 5 * time.Second

// assembler makes events of frames: it joins the pieces of lines, per stream,
// gathers the lines of an event where there is a pattern, and splits what is
// longer than one event may be.
//
// What comes out depends on the frames alone, so that who reads them again gets
// the same events with the same offsets. The one exception, an event that is
// ended because nothing more came, is remembered as a cut.
type assembler struct {
	pattern *regexp.Regexp // of an event's first line; nil: each line is one
	cuts    map[int64]bool // ends of events that nothing followed for long
	open    [3]*piece      // lines whose end has not come, by stream
	event   *piece         // the lines gathered so far
	before  spool.Position // behind the last frame
}

// piece is a part of an event that is not whole yet.
type piece struct {
	text   strings.Builder
	time   time.Time
	start  spool.Position // before its first frame
	offset int64          // behind its last
	goesOn bool           // a line longer than an event, of which a part is out already
}

// add takes a frame that ends at a position.
func (a *assembler) add(f spool.Frame, end spool.Position) (out []protocol.LogEvent) {
	p := a.open[f.Stream]
	if p == nil {
		p = &piece{time: f.Time, start: a.before}
	}
	a.open[f.Stream], a.before, p.offset = nil, end, end.Count()
	p.text.Write(f.Data)
	for text := p.text.String(); tooLong(text); text = p.text.String() {
		cut := split(text)
		out = append(out, a.line(p, text[:cut], false)...)
		p.text = strings.Builder{}
		p.text.WriteString(text[cut:])
		p.goesOn = true
	}
	if f.Partial {
		a.open[f.Stream] = p
		return out
	}
	return append(out, a.line(p, p.text.String(), true)...)
}

// line takes a line, or a part of one that is too long. ended tells whether
// the line's end follows.
func (a *assembler) line(p *piece, text string, ended bool) (out []protocol.LogEvent) {
	if a.pattern == nil {
		if text == "" {
			return nil // an empty line is no event, as with Docker's driver
		}
		return []protocol.LogEvent{{Time: p.time, Message: text, Offset: p.offset}}
	}
	if e := a.event; e != nil {
		begins := !p.goesOn && a.pattern.MatchString(text)
		if begins || p.time.Sub(e.time) >= gatherFor || effective(e.text.String())+effective(text)+1 > maxEvent {
			out = a.end()
		}
	}
	if a.event == nil {
		a.event = &piece{time: p.time, start: p.start}
	}
	a.event.text.WriteString(text)
	if ended {
		a.event.text.WriteByte('\n')
	}
	a.event.offset = p.offset
	if a.cuts[p.offset] {
		out = append(out, a.end()...)
	}
	return out
}

// end ends the event that is gathered.
func (a *assembler) end() []protocol.LogEvent {
	e := a.event
	a.event = nil
	if e == nil {
		return nil
	}
	return []protocol.LogEvent{{Time: e.time, Message: e.text.String(), Offset: e.offset}}
}

// due is when the event that is gathered ends if nothing more comes; zero when
// there is none.
func (a *assembler) due() time.Time {
	if a.event == nil {
		return time.Time{}
	}
	return a.event.time.Add(gatherFor)
}

// finish ends what is open: nothing more comes.
func (a *assembler) finish(at spool.Position) (out []protocol.LogEvent) {
	for i, p := range a.open {
		if p != nil && p.text.Len() > 0 {
			p.offset = at.Count() + 1 // behind what was cut from the line before, ahead of any frame
			out = append(out, a.line(p, p.text.String(), false)...)
		}
		a.open[i] = nil
	}
	return append(out, a.end()...)
}

// done is how far nothing is open: reading may begin again there.
func (a *assembler) done() spool.Position {
	at := a.before
	for _, p := range append(a.open[:], a.event) {
		if p != nil && at.After(p.start) {
			at = p.start
		}
	}
	return at
}

// tooLong tells whether a text is more than one event.
func tooLong(text string) bool { return len(text) > maxEvent/3 && effective(text) > maxEvent }

// effective is how many bytes a text counts: CloudWatch Logs replaces each byte
// that is no UTF-8 by U+FFFD, which has three.
func effective(text string) (n int) {
	for _, r := range text {
		n += utf8.RuneLen(r)
	}
	return n
}

// split is where a text that is too long is cut, between two characters.
func split(text string) int {
	n := 0
	for at, r := range text {
		if n += utf8.RuneLen(r); n > maxEvent {
			return at
		}
	}
	return len(text)
}
