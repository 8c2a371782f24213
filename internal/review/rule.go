package review

import "strings"

// Severity says what a finding costs the service.
type Severity int

const (
	Info   Severity = iota // good to know
	Low                    // costs comfort or money
	Medium                 // will cost an incident one day
	High                   // loses requests, data or secrets
)

func (s Severity) String() string { return [...]string{"info", "low", "medium", "high"}[s] }

// ParseSeverity reads info, low, medium or high.
func ParseSeverity(s string) (Severity, bool) {
	for _, v := range []Severity{Info, Low, Medium, High} {
		if v.String() == s {
			return v, true
		}
	}
	return 0, false
}

func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Pillar is a pillar of the AWS Well-Architected Framework.
type Pillar string

const (
	Operations     Pillar = "OE"
	Security       Pillar = "SEC"
	Reliability    Pillar = "REL"
	Performance    Pillar = "PERF"
	Cost           Pillar = "COST"
	Sustainability Pillar = "SUS"
)

// Pillars lists them in the framework's order.
func Pillars() []Pillar {
	return []Pillar{Operations, Security, Reliability, Performance, Cost, Sustainability}
}

// Name is the pillar's full name.
func (p Pillar) Name() Text {
	return map[Pillar]Text{
		Operations:     {"Operational excellence", "運用上の優秀性"},
		Security:       {"Security", "セキュリティ"},
		Reliability:    {"Reliability", "信頼性"},
		Performance:    {"Performance efficiency", "パフォーマンス効率"},
		Cost:           {"Cost optimization", "コスト最適化"},
		Sustainability: {"Sustainability", "持続可能性"},
	}[p]
}

// Factor is a factor of the Twelve-Factor App, 1 to 12.
type Factor int

const (
	Codebase Factor = iota + 1
	Dependencies
	Config
	BackingServices
	BuildReleaseRun
	Processes
	PortBinding
	Concurrency
	Disposability
	Parity
	Logs
	AdminProcesses
)

// Roman is the number as https://12factor.net writes it.
func (f Factor) Roman() string {
	return [...]string{"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}[f]
}

// Name is the factor's name.
func (f Factor) Name() Text {
	return [...]Text{{}, {"Codebase", "コードベース"}, {"Dependencies", "依存関係"}, {"Config", "設定"},
		{"Backing services", "バックエンドサービス"}, {"Build, release, run", "ビルド、リリース、実行"},
		{"Processes", "プロセス"}, {"Port binding", "ポートバインディング"}, {"Concurrency", "並行性"},
		{"Disposability", "廃棄容易性"}, {"Dev/prod parity", "開発/本番一致"}, {"Logs", "ログ"},
		{"Admin processes", "管理プロセス"}}[f]
}

// Part is a part of what is reviewed.
type Part string

const (
	PartTaskDef    Part = "taskdef"
	PartService    Part = "service"
	PartDockerfile Part = "dockerfile"
	PartImage      Part = "image"
	PartSource     Part = "source"
	PartLive       Part = "live"
	PartDrill      Part = "drill"
)

// Parts lists them in the order they are shown.
func Parts() []Part {
	return []Part{PartTaskDef, PartService, PartDockerfile, PartImage, PartSource, PartLive, PartDrill}
}

// Rule is one practice and how to look for it. Its golden pair, the bad and
// the good example, stands in rules/golden/ID.txtar: `review explain` shows it
// and the tests prove it.
type Rule struct {
	ID       string   // GROUP-NN, never given to another practice
	Title    Text     // the practice, as a statement that should be true
	Why      Text     // what happens without it
	Todo     Text     // how to mend it
	Pillar   Pillar   //
	Factors  []Factor // of The Twelve-Factor App; none if it has nothing to say
	Severity Severity //
	Sources  []string // slides of the source documents: S0:9
	Checks   []Check  // the halves of the rule, each on what it needs
	User     bool     // written by the user: it has no page
}

// Check is one half of a rule.
type Check struct {
	Needs []Part // all of them; without one the half is not examined
	// Extra: the half only adds to what the others say. Without its parts it is
	// not asked, and it may have nothing to say.
	Extra bool
	// Settles: where this half passes, parts that the others lack are no gap.
	Settles bool
	// Run looks at the subject, which has all that is needed, and says all it
	// saw: one outcome per thing looked at. It is pure and never panics on what
	// a user wrote. No outcome at all means "nothing here to look at": say so
	// with a pass instead.
	Run func(*Subject) []Outcome
}

// Page is where the rule is written up; empty for a user's own and another tool's.
func (r *Rule) Page() string {
	if r.User || strings.HasPrefix(r.ID, "EXT-") {
		return ""
	}
	return "https://github.com/hatoba/hatoba/blob/main/docs/rules/" + r.ID + ".md"
}
