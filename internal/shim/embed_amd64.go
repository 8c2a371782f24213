//go:build embedshim && linux

package shim

import _ "embed"

//go:embed bin/hatoba-shim-amd64.gz
var packed []byte
