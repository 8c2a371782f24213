// Package behaviour is what the probe, and whoever plays it, must write.
package behaviour

import (
	"io"
	"math/rand/v2"
	"strings"
)

// Bytes is what the verb "bytes" writes: line ends of all kinds, what is no
// text, lines longer than a piece of the spool, and no newline at the end.
var Bytes = "\n\r\n\x00\xff\xfe é\n" + strings.Repeat("long ", 20_000) + "\n\n" + strings.Repeat("x", 16<<10) + "\nthe end"

// Flood is what the verb "flood" writes the beginning of: bytes that repeat
// nowhere.
func Flood() io.Reader { return rand.NewChaCha8([32]byte{1}) }
