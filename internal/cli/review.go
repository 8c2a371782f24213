package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/examine"
	"github.com/hatoba/hatoba/internal/review/parity"
	"github.com/hatoba/hatoba/internal/review/questionnaire"
	"github.com/hatoba/hatoba/internal/review/report"
	"github.com/hatoba/hatoba/internal/review/rules"
	"github.com/hatoba/hatoba/internal/review/waiver"
)

// Exit codes of a review.
const (
	exitFindings   = 1 // something is to be mended
	exitUnexamined = 2 // nobody can tell: gaps, or what was named cannot be read
)

// reviewFlags are the flags of `hatoba review`.
type reviewFlags struct {
	examine.Request
	vars       []string
	scope      []string
	only       []string
	formats    []string
	failOn     string
	lang       string
	color      string
	sbom       string
	drill      string
	cleanup    bool
	reportOnly bool
	verbose    bool
}

func reviewCommand(s *settings) *cobra.Command {
	f := &reviewFlags{}
	cmd := &cobra.Command{
		Use:   "review [TASKDEF.json | FAMILY[:REVISION]]",
		Short: "Is this container ready for service? Checks definitions, Dockerfile, image, source and what runs",
		Long: `Reviews a service against the practices of the Well-Architected Framework and
The Twelve-Factor App. Give it whatever there is: what is missing is told as not
examined, never as passed. It needs no root and changes nothing, unless --drill
is given: then it makes a short-lived copy of the service, stops, kills and
replaces its tasks, and takes it away again.

Exit code: 0 ready, 1 findings, 2 could not examine everything.`,
		Example: `  hatoba review taskdef.json --service-def service.json --source .
  hatoba review taskdef.json --image app.tar --format terminal --format sarif=review.sarif
  hatoba review --service web --cluster production --profile readonly
  hatoba review --service web --endpoint http://127.0.0.1:4566 --drill
  hatoba review explain CFG-05`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.TaskDef = args[0]
			}
			return f.fail(cmd, f.run(cmd, s))
		},
	}
	set := cmd.Flags()
	f.registerSubject(cmd)
	f.registerDrills(cmd)
	set.StringArrayVar(&f.formats, "format", nil, "`FORMAT[=FILE]`, may be repeated: "+strings.Join(report.Formats(), ", ")+" (default terminal)")
	set.StringSliceVar(&f.scope, "scope", nil, "look at these parts only and ask about no others: "+partNames())
	set.StringSliceVar(&f.only, "only", nil, "ask these rules only, by id")
	set.StringSliceVar(&f.Options.Skip, "skip", nil, "do not ask these rules; the report says so")
	set.StringVar(&f.failOn, "fail-on", "info", "findings from this severity on count: info, low, medium or high")
	set.BoolVar(&f.reportOnly, "report-only", false, "tell all and exit 0")
	set.BoolVarP(&f.verbose, "verbose", "v", false, "show what passed, too")
	set.StringVar(&f.color, "color", "auto", "auto, always or never")
	cmd.PersistentFlags().StringVar(&f.lang, "lang", "", "en or ja (default by LANG)")
	cmd.AddCommand(reviewExplain(f), reviewList(f), reviewDiff(f), reviewQuestionnaire(f))
	return cmd
}

// registerSubject adds the flags that name what is reviewed.
func (f *reviewFlags) registerSubject(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.ServiceDef, "service-def", "", "service definition file, as CreateService takes it or ecspresso keeps it")
	set.StringVar(&f.Dockerfile, "dockerfile", "", "Dockerfile (default the one in --source)")
	set.StringVar(&f.Image, "image", "", "image: a reference in a registry, a docker or OCI archive, an OCI layout (default: of a Hatoba at --endpoint, the task definition's)")
	set.StringVar(&f.Source, "source", "", "the service's source folder, with its CI files")
	f.registerTemplates(cmd)
	f.registerAccount(cmd)
	set.StringVar(&f.Account.Service, "service", "", "name of the service that runs")
	set.StringVar(&f.Account.Cluster, "cluster", "", "its cluster (default default)")
	set.BoolVar(&f.Account.ReadSecretValues, "read-secret-values", false, "read secrets to find them where they should not be; only keyed fingerprints are kept")
	set.StringVar(&f.VulnDB, "vulndb", "", "vulnerability database: OSV records (folder or zip) or Trivy's trivy.db")
	set.StringArrayVar(&f.Evidence, "evidence", nil, "findings of Trivy, Grype, hadolint or Dockle (JSON), or any SARIF; may be repeated")
	set.StringVar(&f.sbom, "sbom", "", "write the image's inventory as CycloneDX to this file")
	set.StringVar(&f.Settings, "settings", "", "waivers, severities and own rules (default hatoba-review.json beside the task definition)")
	set.StringVar(&f.Prices, "prices", "", "price table to use in place of the built-in one")
}

func (f *reviewFlags) registerTemplates(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.vars, "var", nil, "`NAME=VALUE` for must_env, env and extVar in templates (default the environment)")
	cmd.Flags().StringVar(&f.Values.TFState, "tfstate", "", "Terraform state file for tfstate in templates")
}

func (f *reviewFlags) registerAccount(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.Account.Endpoint, "endpoint", "", "URL of the AWS APIs to read from, for example a Hatoba")
	cmd.Flags().StringVar(&f.Account.Profile, "profile", "", "profile of the AWS configuration to read with")
}

// fail prints what went wrong and says that nothing was examined.
func (f *reviewFlags) fail(cmd *cobra.Command, err error) error {
	var exit exitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "hatoba review:", err)
	return exitError(exitUnexamined)
}

func (f *reviewFlags) run(cmd *cobra.Command, s *settings) error {
	if f.cleanup {
		return f.clean(cmd, s)
	}
	if err := errors.Join(f.complete(s), f.completeDrills(cmd.ErrOrStderr())); err != nil {
		return err
	}
	var bill bytes.Buffer
	if f.sbom != "" {
		f.SBOM = &bill
	}
	ctx := cmd.Context()
	if f.Drill.Run {
		var stop context.CancelFunc
		ctx, stop = untilGone(ctx)
		defer stop()
	}
	result, err := examine.Run(ctx, f.Request)
	if err != nil {
		return err
	}
	if f.sbom != "" {
		if err := os.WriteFile(f.sbom, bill.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if err := f.write(cmd, result); err != nil {
		return err
	}
	if f.reportOnly {
		return nil
	}
	return verdictExit(result.Verdict)
}

// complete turns the flags' words into the request.
func (f *reviewFlags) complete(s *settings) error {
	f.Now, f.Version = time.Now(), version()
	if f.TaskDef == "" && f.Account.Service == "" && f.ServiceDef == "" && f.Dockerfile == "" && f.Image == "" && f.Source == "" {
		return errors.New("nothing to review: name a task definition, or see `hatoba review --help`")
	}
	severity, ok := review.ParseSeverity(f.failOn)
	if !ok {
		return fmt.Errorf("--fail-on %s: must be info, low, medium or high", f.failOn)
	}
	f.FailOn = severity
	for _, name := range f.scope {
		part := review.Part(name)
		if !slices.Contains(review.Parts(), part) {
			return fmt.Errorf("--scope %s: must be of %s", name, partNames())
		}
		f.Options.Scope = append(f.Options.Scope, part)
	}
	f.Options.Only = f.only
	if err := f.readVars(); err != nil {
		return err
	}
	// The region of a real account is its profile's, unless this command line
	// names one.
	if region, given := s.flags["region"](); given {
		f.Account.Region = region
	}
	return nil
}

// readVars gathers what templates may ask for.
func (f *reviewFlags) readVars() error {
	f.Values.Vars, f.Values.Lookup = map[string]string{}, os.LookupEnv
	for _, v := range f.vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok {
			return fmt.Errorf("--var %s: must be NAME=VALUE", v)
		}
		f.Values.Vars[name] = value
	}
	return nil
}

// write writes every format that was asked for.
func (f *reviewFlags) write(cmd *cobra.Command, r *review.Report) error {
	formats := f.formats
	if len(formats) == 0 {
		formats = []string{"terminal"}
	}
	for _, format := range formats {
		name, file, toFile := strings.Cut(format, "=")
		if !slices.Contains(report.Formats(), name) {
			return fmt.Errorf("--format %s: must be of %s", name, strings.Join(report.Formats(), ", "))
		}
		out := cmd.OutOrStdout()
		if toFile {
			created, err := os.Create(file)
			if err != nil {
				return err
			}
			err = errors.Join(report.Write(created, name, r, f.reportOptions(created)), created.Close())
			if err != nil {
				return err
			}
			continue
		}
		if err := report.Write(out, name, r, f.reportOptions(out)); err != nil {
			return err
		}
	}
	return nil
}

func (f *reviewFlags) reportOptions(out io.Writer) report.Options {
	opt := report.Options{Lang: f.language(), Verbose: f.verbose, Color: f.color == "always"}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		opt.Color = opt.Color || f.color == "auto" && os.Getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			opt.Width = width
		}
	}
	return opt
}

// language is --lang, else what the environment speaks.
func (f *reviewFlags) language() review.Lang {
	if f.lang != "" {
		return review.Lang(f.lang)
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "ja") {
				return review.Japanese
			}
			break
		}
	}
	return review.English
}

func partNames() string {
	var names []string
	for _, p := range review.Parts() {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

func reviewExplain(f *reviewFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Tell what a rule asks for, why, and show it done badly and well; or what a drill does",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if known, err := f.explainDrill(cmd, strings.ToUpper(args[0])); known {
				return err
			}
			rule := findRule(strings.ToUpper(args[0]))
			if rule == nil {
				return fmt.Errorf("there is no rule %s; `hatoba review list` shows them", args[0])
			}
			examples, err := rules.Examples(rule.ID)
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // a question has none
				return err
			}
			return report.Explain(cmd.OutOrStdout(), rule, examples, f.reportOptions(cmd.OutOrStdout()))
		},
	}
}

func reviewList(f *reviewFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the rules",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return report.List(cmd.OutOrStdout(), allRules(), f.reportOptions(cmd.OutOrStdout()))
		},
	}
}

// allRules are the rules, the questions and what waivers themselves are asked.
func allRules() []*review.Rule {
	return slices.Concat(rules.All(), questionnaire.Rules(nil), waiver.Rules())
}

func findRule(id string) *review.Rule {
	for _, r := range allRules() {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func reviewQuestionnaire(f *reviewFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "questionnaire",
		Short: "Write the questions that only people can answer, as " + questionnaire.Name,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return questionnaire.Template(cmd.OutOrStdout(), f.language())
		},
	}
}

func reviewDiff(f *reviewFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two environments: the same image, the same shape, every difference listed",
		Long: `Compares two environments of a service. Each side is a task definition file, a
folder with taskdef.json and service.json (or ecspresso's names), FAMILY[:REVISION],
or CLUSTER/SERVICE in an account.

Exit code: 0 alike, 1 not alike, 2 nobody can tell.`,
		Args: cobra.ExactArgs(2),
	}
	asJSON := cmd.Flags().Bool("json", false, "write JSON")
	f.registerTemplates(cmd)
	f.registerAccount(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.fail(cmd, func() error {
			if err := f.readVars(); err != nil {
				return err
			}
			a, err := examine.Environment(cmd.Context(), args[0], f.Request)
			if err != nil {
				return err
			}
			b, err := examine.Environment(cmd.Context(), args[1], f.Request)
			if err != nil {
				return err
			}
			a.Print = b.Print // one key, so that equal secrets look equal
			differences := parity.Compare(a, b)
			if *asJSON {
				err = parity.JSON(cmd.OutOrStdout(), differences)
			} else {
				err = parity.Text(cmd.OutOrStdout(), differences, f.language())
			}
			if err != nil {
				return err
			}
			return verdictExit(parity.Verdict(differences))
		}())
	}
	return cmd
}

// verdictExit is the exit code of a verdict.
func verdictExit(v review.Verdict) error {
	switch v {
	case review.Ready:
		return nil
	case review.NotReady:
		return exitError(exitFindings)
	}
	return exitError(exitUnexamined)
}
