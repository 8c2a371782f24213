// Package examine carries a review out: it reads what the user named, asks the
// rules, and hands back the report. It writes nothing and prints nothing.
package examine

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/cost"
	"github.com/hatoba/hatoba/internal/review/evidence"
	"github.com/hatoba/hatoba/internal/review/inventory"
	"github.com/hatoba/hatoba/internal/review/questionnaire"
	"github.com/hatoba/hatoba/internal/review/read"
	"github.com/hatoba/hatoba/internal/review/rules"
)

// Request is what a user asks to have reviewed. What is empty was not given.
type Request struct {
	TaskDef    string // a file, or family, family:revision or ARN of one in the account
	ServiceDef string // a file
	Dockerfile string // a file
	Image      string // a reference, or an archive or layout on disk
	Source     string // a folder
	Values     read.Values

	Account Account

	VulnDB   string    // OSV records or Trivy's database
	Evidence []string  // files with other tools' findings
	SBOM     io.Writer // set: the inventory is written here as CycloneDX
	Settings string    // empty is hatoba-review.json beside the task definition, if it is there
	Prices   string    // a price table in place of the built-in one

	Drill Drill

	Options review.Options
	FailOn  review.Severity
	Now     time.Time
	Version string
}

// Run carries the review out. An error means that what was asked for could not
// be understood or read at all; parts that are merely missing are gaps of the
// report.
func Run(ctx context.Context, req Request) (*review.Report, error) {
	mine, err := settings(req)
	if err != nil {
		return nil, err
	}
	all := append(rules.All(), mine.rules...)
	outside, err := others(req)
	if err != nil {
		return nil, err
	}
	if err := know(all, slices.Concat(req.Options.Only, req.Options.Skip)...); err != nil {
		return nil, err
	}
	if err := mine.file.Check(func(id string) bool { return known(id, outside) }); err != nil {
		return nil, err
	}
	s, names, contents, err := gather(ctx, req)
	if err != nil {
		return nil, err
	}
	drilled, err := drill(ctx, req, mine.file.Drill, s, names)
	if err != nil {
		return nil, err
	}
	req.Options.Severity = mine.file.Severity
	for i := range outside {
		if set, ok := mine.file.Severity[outside[i].Rule.ID]; ok {
			outside[i].Severity = set
		}
	}
	results := mine.file.Apply(append(review.Run(s, all, req.Options), outside...), req.Now)
	if req.SBOM != nil {
		if err := contents.write(req.SBOM, req, s); err != nil {
			return nil, err
		}
	}
	price, err := priced(req, s)
	if err != nil {
		return nil, err
	}
	if skipped := req.Options.Skip; len(skipped) > 0 {
		ids := strings.Join(skipped, ", ")
		price = append(price, review.Note{Title: review.Say("Not asked", "問わなかったルール"), Lines: []review.Text{{EN: ids, JA: ids}}})
	}
	verdict, count := review.Judge(results, req.FailOn)
	return &review.Report{
		Version: req.Version, At: req.Now, Inputs: review.Inputs(s, names), Scope: req.Options.Scope,
		Results: results, FailOn: req.FailOn, Verdict: verdict, Count: count, Notes: slices.Concat(drilled, contents.note(), price),
	}, nil
}

// others are the findings of other tools.
func others(req Request) (out []review.Result, err error) {
	for _, file := range req.Evidence {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found, err := evidence.Read(file, text)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// known reports whether a rule of ours, a question or another tool has an id.
func known(id string, outside []review.Result) bool {
	has := func(r *review.Rule) bool { return r.ID == id }
	return rules.Find(id) != nil || slices.ContainsFunc(questionnaire.Rules(nil), has) ||
		slices.ContainsFunc(outside, func(r review.Result) bool { return has(r.Rule) })
}

// priced tells what the service costs, where it runs on Fargate and a region is
// known.
func priced(req Request, s *review.Subject) ([]review.Note, error) {
	if !s.TaskDef.OK || !s.TaskDef.Value.Fargate() {
		return nil, nil
	}
	var text []byte
	if req.Prices != "" {
		var err error
		if text, err = os.ReadFile(req.Prices); err != nil {
			return nil, err
		}
	}
	table, err := cost.Read(text)
	if err != nil {
		return nil, err
	}
	var service *review.ServiceDef
	if s.Service.OK {
		service = s.Service.Value
	}
	estimate, err := cost.Of(s.TaskDef.Value, service, region(req, s), table)
	if err != nil { // no price is no finding
		return []review.Note{{Title: review.Say("What it costs on Fargate", "Fargate での費用"), Lines: []review.Text{{EN: err.Error(), JA: err.Error()}}}}, nil
	}
	return []review.Note{estimate.Note(table)}, nil
}

// region is where the service runs: the account's, else the one its log goes to.
func region(req Request, s *review.Subject) string {
	if s.Live.OK && s.Live.Value.Region != "" {
		return s.Live.Value.Region
	}
	if req.Account.Region != "" {
		return req.Account.Region
	}
	for _, c := range s.TaskDef.Value.ContainerDefinitions {
		if c.LogConfiguration != nil && c.LogConfiguration.Options["awslogs-region"] != "" {
			return c.LogConfiguration.Options["awslogs-region"]
		}
	}
	return ""
}

// gather reads all parts.
func gather(ctx context.Context, req Request) (*review.Subject, map[review.Part]string, *bill, error) {
	s := &review.Subject{Now: req.Now, Print: printer()}
	names := map[review.Part]string{}
	s.TaskDef = notGiven[*review.TaskDef]("no task definition was given", "タスク定義が指定されていない", "hatoba review TASKDEF.json")
	s.Service = notGiven[*review.ServiceDef]("no service was given", "サービスが指定されていない", "--service-def FILE, or --service NAME")
	s.Dockerfile = notGiven[*review.Dockerfile]("no Dockerfile was given", "Dockerfile が指定されていない", "--dockerfile FILE")
	s.Image = notGiven[*review.Image]("no image was given", "イメージが指定されていない", "--image REF, or --image ARCHIVE.tar")
	s.Source = notGiven[*review.Source]("no source folder was given", "ソースフォルダーが指定されていない", "--source DIR")
	s.Live = notGiven[*review.Live]("nothing that runs was looked at", "稼働中の環境は見ていない", "--endpoint URL or --profile NAME, with --service NAME")
	s.Drills = notGiven[*review.Drills]("no drill has been run on the service", "サービスでドリルを実行していない", "hatoba review --service NAME --drill")
	contents := &bill{}
	for _, step := range []func() error{
		func() error { return files(ctx, req, s, names) },
		func() error { return fromAccount(ctx, req, s, names) },
		func() error { return source(req, s, names, contents) },
		func() error { return image(ctx, req, s, names, contents) },
		func() error { return scan(req, s, contents) },
	} {
		if err := step(); err != nil {
			return nil, nil, nil, err
		}
	}
	return s, names, contents, nil
}

func notGiven[T any](en, ja, how string) review.Given[T] {
	return review.Missing[T](review.Text{EN: en, JA: ja}, review.Text{EN: how, JA: how})
}

// files reads definitions and the Dockerfile. What a user names and cannot be
// read ends the review: a typing error is no gap.
func files(ctx context.Context, req Request, s *review.Subject, names map[review.Part]string) error {
	if IsFile(req.TaskDef) {
		text, err := read.Definition(ctx, req.TaskDef, req.Values)
		if err != nil {
			return err
		}
		td, err := read.TaskDef(req.TaskDef, text)
		if err != nil {
			return err
		}
		s.TaskDef, names[review.PartTaskDef] = review.Have(td), req.TaskDef
	}
	if req.ServiceDef != "" {
		text, err := read.Definition(ctx, req.ServiceDef, req.Values)
		if err != nil {
			return err
		}
		service, err := read.Service(req.ServiceDef, text)
		if err != nil {
			return err
		}
		s.Service, names[review.PartService] = review.Have(service), req.ServiceDef
	}
	dockerfile := req.Dockerfile
	if inSource := filepath.Join(req.Source, "Dockerfile"); dockerfile == "" && req.Source != "" && exists(inSource) {
		dockerfile = inSource
	}
	if dockerfile != "" {
		text, err := os.ReadFile(dockerfile)
		if err != nil {
			return err
		}
		d, err := read.Dockerfile(dockerfile, text)
		if err != nil {
			return err
		}
		s.Dockerfile, names[review.PartDockerfile] = review.Have(d), dockerfile
	}
	return nil
}

func source(req Request, s *review.Subject, names map[review.Part]string, b *bill) error {
	if req.Source == "" {
		return nil
	}
	info, err := os.Stat(req.Source)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("--source %s: a folder is asked for", req.Source)
	}
	src, err := read.Source(req.Source, os.DirFS(req.Source))
	if err != nil {
		return fmt.Errorf("--source %s: %w", req.Source, err)
	}
	s.Source, names[review.PartSource] = review.Have(src), req.Source
	b.source, b.sourceGaps = inventory.FromSource(src)
	return nil
}

// IsFile reports whether a task definition's name means a file: names in an
// account have neither a slash before an extension nor one of these endings.
func IsFile(name string) bool {
	switch filepath.Ext(name) {
	case ".json", ".jsonnet", ".yml", ".yaml":
		return true
	}
	return name != "" && exists(name)
}

func exists(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// printer makes fingerprints with a key that nobody keeps.
func printer() func(string) string {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return func(value string) string {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(value))
		return hex.EncodeToString(mac.Sum(nil)[:4])
	}
}
