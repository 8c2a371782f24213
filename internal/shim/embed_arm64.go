//go:build embedshim && linux

package shim

import _ "embed"

//go:embed bin/hatoba-shim-arm64
var binary []byte
