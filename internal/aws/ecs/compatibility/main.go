// Command compatibility writes docs/compatibility.md from the tables of
// package fields.
package main

import (
	"fmt"
	"os"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: compatibility FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], []byte(fields.Markdown()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
