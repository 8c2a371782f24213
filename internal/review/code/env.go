package code

import (
	"path"
	"regexp"
	"strings"
)

// Read is a place where code reads an environment variable.
type Read struct {
	Name    string
	Path    string
	Line    int
	Default bool // the code goes on without it
}

// direct are the readings by name. Group 1 is the name.
var direct = map[Language][]*regexp.Regexp{
	Go:         {regexp.MustCompile("os\\.(?:Getenv|LookupEnv)\\(\\s*[\"`]([A-Za-z_]\\w*)[\"`]\\s*\\)")},
	JavaScript: {regexp.MustCompile(`process\.env(?:\?\.|\.)([A-Za-z_]\w*)`), regexp.MustCompile(`process\.env\[\s*['"]([A-Za-z_]\w*)['"]\s*\]`)},
	Python:     {regexp.MustCompile(`os\.environ\[\s*['"]([A-Za-z_]\w*)['"]\s*\]`), regexp.MustCompile(`(?:os\.getenv|os\.environ\.get)\(\s*['"]([A-Za-z_]\w*)['"]`)},
	Ruby:       {regexp.MustCompile(`\bENV\[\s*['"]([A-Za-z_]\w*)['"]\s*\]`), regexp.MustCompile(`\bENV\.fetch\(\s*['"]([A-Za-z_]\w*)['"]`)},
	JVM:        {regexp.MustCompile(`System\.getenv\(\s*"([A-Za-z_]\w*)"\s*\)`)},
	PHP:        {regexp.MustCompile(`\bgetenv\(\s*['"]([A-Za-z_]\w*)['"]\s*\)`), regexp.MustCompile(`\$_ENV\[\s*['"]([A-Za-z_]\w*)['"]\s*\]`)},
	Rust:       {regexp.MustCompile(`\benv::var(?:_os)?\(\s*"([A-Za-z_]\w*)"\s*\)`)},
	Shell:      {regexp.MustCompile(`\$\{([A-Z_][A-Z0-9_]*):\?`)},
	CSharp:     {regexp.MustCompile(`Environment\.GetEnvironmentVariable\(\s*"([A-Za-z_]\w*)"\s*\)`)},
}

var (
	// optional is what stands behind a reading that may come to nothing.
	optional = regexp.MustCompile(`^\s*,\s*\S|^[^;]*(\|\||\?\?|\?:|\?\s|&&|[!=]==?|\bor\b|unwrap_or|\.ok\(\)|is_ok|orElse|\{)`)
	// asked is what stands before one.
	asked = regexp.MustCompile(`(?:\bif\b|\bunless\b|\bwhen\b|cmp\.Or\(|LookupEnv|coalesce|firstNonEmpty|\|\|=|if let Ok|!!)[^;]*$`)
	// stops is what code does that cannot go on.
	stops = regexp.MustCompile(`(?i)\b(throw|raise|panic|log\.fatal\w*|os\.exit|sys\.exit|process\.exit|die|exit|abort)\b|errors\.New|Errorf`)
	// assigned is the variable that takes the value.
	assigned = regexp.MustCompile(`(\w+)\s*(?::[\w\s]+)?(?::=|=)\s*[\w.!:(\['"]*$`)
	written  = regexp.MustCompile(`^\s*=[^=>]`)
	destruct = regexp.MustCompile(`\{([^{}]*)\}\s*=\s*process\.env\b`)
	started  = regexp.MustCompile(`(?i)(entrypoint|^start|^run)[^/]*\.sh$`)
	// dynamic readings: by a name that a variable holds, or by a library.
	dynamic = regexp.MustCompile(`process\.env\[\s*[A-Za-z_$` + "`" + `]|=\s*process\.env\s*;?\s*$|\(process\.env\b[^.\[]|\.\.\.process\.env|os\.(Getenv|LookupEnv)\(\s*[a-z]|os\.Environ\(\)|os\.environ\[\s*[a-z]|(os\.getenv|os\.environ\.get)\(\s*[a-z]|os\.environ\s*[,)]|AutomaticEnv|BaseSettings|envconfig\.|env\.Parse|ENV\.to_h|ENV\[\s*[a-z]|System\.getenv\(\s*(\)|[a-z])|env::vars|AddEnvironmentVariables|SpringApplication|WebApplication\.CreateBuilder|koanf`)
)

// Environment lists what code reads from its environment, and whether it also
// reads by names that the text does not tell.
func Environment(files []File) (reads []Read, open bool) {
	for _, f := range files {
		if f.Language == Shell && !started.MatchString(path.Base(f.Path)) {
			continue // scripts of developers have another environment
		}
		for i, line := range f.Lines {
			open = open || dynamic.MatchString(line)
			for _, re := range direct[f.Language] {
				for _, at := range re.FindAllStringSubmatchIndex(line, -1) {
					if written.MatchString(line[at[1]:]) {
						continue
					}
					reads = append(reads, Read{Name: line[at[2]:at[3]], Path: f.Path, Line: i + 1,
						Default: f.Language != Shell && goesOn(f.Lines, i, line[:at[2]], line[at[1]:])})
				}
			}
			if m := destruct.FindStringSubmatch(line); m != nil && f.Language == JavaScript {
				for _, part := range strings.Split(m[1], ",") {
					name, value, _ := strings.Cut(part, "=")
					name, _, _ = strings.Cut(strings.TrimSpace(name), ":")
					if name = strings.TrimSpace(name); name != "" && !strings.HasPrefix(name, ".") {
						reads = append(reads, Read{Name: name, Path: f.Path, Line: i + 1, Default: value != ""})
					}
				}
			}
		}
	}
	return reads, open
}

// goesOn reports whether code has an answer to the variable's absence: a
// default, or a question that does not end in stopping.
func goesOn(lines []string, i int, before, behind string) bool {
	next := strings.Join(lines[min(i+1, len(lines)):min(i+4, len(lines))], "\n")
	if optional.MatchString(behind) || asked.MatchString(before) || strings.Contains(next, "unwrap_or") {
		return !stops.MatchString(behind) && !stops.MatchString(next)
	}
	m := assigned.FindStringSubmatch(before)
	if m == nil {
		return false
	}
	for j := i + 1; j < min(i+6, len(lines)); j++ {
		if question := regexp.MustCompile(`\b(if|unless)\b.*\b` + m[1] + `\b`); question.MatchString(lines[j]) {
			return !stops.MatchString(strings.Join(lines[j:min(j+3, len(lines))], "\n"))
		}
	}
	return false
}
