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

// Say formats both languages with the same arguments. Where Japanese wants
// another order, it numbers its verbs: %[2]s.
func Say(en, ja string, args ...any) Text {
	if len(args) == 0 {
		return Text{EN: en, JA: ja}
	}
	return Text{EN: fmt.Sprintf(en, args...), JA: fmt.Sprintf(ja, args...)}
}

// In is the text in a language; English where the other is missing.
func (t Text) In(lang Lang) string {
	if lang == Japanese && t.JA != "" {
		return t.JA
	}
	return t.EN
}

// IsZero reports whether nothing is said.
func (t Text) IsZero() bool { return t == Text{} }
