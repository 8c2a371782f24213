package cli

import (
	"encoding/json"
	"fmt"
	"os"
)

// readJSON reads an SDK input as the aws CLI takes it: its lower-first names
// match the SDK's fields, since encoding/json ignores case.
func readJSON(file string, into any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
