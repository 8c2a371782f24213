package examine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/questionnaire"
	"github.com/hatoba/hatoba/internal/review/userrule"
	"github.com/hatoba/hatoba/internal/review/waiver"
)

// own is what the user's settings file adds to a review.
type own struct {
	file  *waiver.File
	rules []*review.Rule // own rules, and the questions if there are answers
}

// settings reads hatoba-review.json and the questionnaire beside it. Questions
// are asked of those who keep a questionnaire; the others are told of it.
func settings(req Request) (own, error) {
	file := req.Settings
	if file == "" {
		file = filepath.Join(beside(req), waiver.Name)
	}
	out := own{file: &waiver.File{}}
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && req.Settings == "":
	case err != nil:
		return out, err
	default:
		if out.file, err = waiver.Parse(file, text); err != nil {
			return out, err
		}
		if out.rules, err = userrule.Compile(out.file.Rules); err != nil {
			return out, fmt.Errorf("%s: %w", file, err)
		}
	}
	answers, named := out.file.Questionnaire, true
	if answers == "" {
		answers, named = questionnaire.Name, false
	}
	asked, err := questions(filepath.Join(filepath.Dir(file), answers), named)
	out.rules = append(out.rules, asked...)
	return out, err
}

// questions are the questionnaire's rules, with the answers of a file.
func questions(file string, named bool) ([]*review.Rule, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	answers, err := questionnaire.Parse(file, text)
	if err != nil {
		return nil, err
	}
	return questionnaire.Rules(answers), nil
}

// beside is the folder where settings are looked for.
func beside(req Request) string {
	for _, file := range []string{req.TaskDef, req.ServiceDef, req.Dockerfile} {
		if IsFile(file) {
			return filepath.Dir(file)
		}
	}
	if req.Source != "" {
		return req.Source
	}
	return "."
}

// know checks that all rules that options name exist.
func know(all []*review.Rule, ids ...string) error {
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(r *review.Rule) bool { return r.ID == id }) {
			return fmt.Errorf("there is no rule %s; `hatoba review list` shows them", id)
		}
	}
	return nil
}
