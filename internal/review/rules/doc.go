// Package rules holds the practices of the service-in review, a file each. The
// list in all.go is the order in which they are asked and shown.
package rules

import (
	"embed"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/tools/txtar"

	"github.com/hatoba/hatoba/internal/review"
)

//go:embed golden
var golden embed.FS

// Examples are the files of a rule's golden pair: bad/… and good/….
func Examples(id string) (*txtar.Archive, error) {
	text, err := golden.ReadFile("golden/" + id + ".txtar")
	if err != nil {
		return nil, err
	}
	return txtar.Parse(text), nil
}

// Find is the rule of an id, or nil.
func Find(id string) *review.Rule {
	for _, r := range All() {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// str spares the reader of a rule the nil checks of the SDK's pointers.
func str(p *string) string { return aws.ToString(p) }
