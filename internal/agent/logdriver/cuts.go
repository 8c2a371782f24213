package logdriver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// cutsFile keeps, beside a spool, where events were ended because nothing
// followed: one decimal offset a line. Who reads the spool again ends them there
// too, and so does not make another event of what was shipped.
const cutsFile = "cuts"

func readCuts(dir string) map[int64]bool {
	cuts := map[int64]bool{}
	b, err := os.ReadFile(filepath.Join(dir, cutsFile))
	if err != nil {
		return cuts
	}
	for line := range strings.Lines(string(b)) {
		var at int64
		if n, _ := fmt.Sscanf(line, "%d\n", &at); n == 1 && strings.HasSuffix(line, "\n") {
			cuts[at] = true
		}
	}
	return cuts
}

// addCut remembers a cut before its event is shipped.
func addCut(dir string, at int64) error {
	f, err := os.OpenFile(filepath.Join(dir, cutsFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d\n", at)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// dropCuts forgets them: all are before what was acknowledged.
func dropCuts(dir string) error {
	err := os.Remove(filepath.Join(dir, cutsFile))
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
