package review

import "fmt"

// Lang is a language of the review's texts.
type Lang string

const (
	English  Lang = "en"
	Japanese Lang = "ja"
)

// Text says one thing in both languages.
type Text struct {
	EN string `json:"en"`
	JA string `json:"ja"`
}

// Say formats both languages with the same arguments; one that has a word in
// each (a Text, a secret.Kind) gives each language its own. Where Japanese wants
// another order, it numbers its verbs: %[2]s.
func Say(en, ja string, args ...any) Text {
	if len(args) == 0 {
		return Text{EN: en, JA: ja}
	}
	inEN, inJA := make([]any, len(args)), make([]any, len(args))
	for i, arg := range args {
		inEN[i], inJA[i] = arg, arg
		if both, ok := arg.(interface{ Words() (en, ja string) }); ok {
			inEN[i], inJA[i] = both.Words()
		}
	}
	return Text{EN: fmt.Sprintf(en, inEN...), JA: fmt.Sprintf(ja, inJA...)}
}

// Words are both languages, for Say.
func (t Text) Words() (en, ja string) { return t.EN, t.In(Japanese) }

// In is the text in a language; English where the other is missing.
func (t Text) In(lang Lang) string {
	if lang == Japanese && t.JA != "" {
		return t.JA
	}
	return t.EN
}

// IsZero reports whether nothing is said.
func (t Text) IsZero() bool { return t == Text{} }
