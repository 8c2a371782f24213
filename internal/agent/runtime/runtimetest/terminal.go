package runtimetest

import (
	"testing"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// terminal asks processes what their standard streams are: a terminal that
// outlives the engine, an open input, or nothing to read.
func terminal(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("a fake has no terminals")
	}
	for name, c := range map[string]struct {
		terminal, stdin bool
		want            string
	}{
		"neither":  {want: "0 false\n1 false\n2 false\ninput ended\nTERM \n"},
		"input":    {stdin: true, want: "0 false\n1 false\n2 false\ninput open\nTERM \n"},
		"terminal": {terminal: true, want: "0 true\r\n1 true\r\n2 true\r\ninput open\r\nTERM xterm\r\n"},
		"both":     {terminal: true, stdin: true, want: "0 true\r\n1 true\r\n2 true\r\ninput open\r\nTERM xterm\r\n"},
	} {
		spec := r.spec("terminal-"+name, "terminal")
		spec.Terminal, spec.Stdin = c.terminal, c.stdin
		r.start(spec)
		if exit := r.wait(spec.ID); exit.Code != 0 {
			t.Errorf("%s: %+v", name, exit)
		}
		if got := r.output(spec); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	silent := r.spec("terminal-silent", "lines", "5000") // more than a pipe holds, and no log
	silent.Terminal, silent.Stdin, silent.Spool = true, true, runtime.Spool{}
	r.start(silent)
	if exit := r.wait(silent.ID); exit.Code != 0 {
		t.Errorf("silent: %+v", exit)
	}
	held := r.spec("terminal-held", "graceful", "4")
	held.Terminal, held.Stdin = true, true
	r.start(held)
	r.Engine = r.Reopen(t) // the terminal is the shim's
	if err := r.Engine.Signal(t.Context(), held.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	if exit := r.wait(held.ID); exit.Code != 4 {
		t.Errorf("held: %+v", exit)
	}
}
