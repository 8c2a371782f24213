package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

// freshDB is how old a vulnerability database may be before it is told.
const freshDB = 7 * 24 * time.Hour

// maxBorne is how many packages are told of that do not fail.
const maxBorne = 10

// scanned is the answer of IMG-22 and IMG-23 for one part: one outcome for each
// sort of packages and one for each package with vulnerabilities. Low ones and
// those without a fix are told and do not fail: nobody can mend the latter by an
// upgrade, and the former wait for the next one.
func scanned(s *review.Subject, from review.Part, at review.Place, os bool) (out []review.Outcome) {
	if !s.Vulns.OK || s.Vulns.Value == nil {
		why, how := s.Vulns.Why, s.Vulns.How
		if why.IsZero() {
			why = review.Say("no vulnerability database given", "脆弱性データベースの指定がない")
		}
		if how.IsZero() {
			how = review.Say("give one: --vulndb PATH (OSV records or Trivy's database)", "--vulndb PATH で指定してください(OSV のレコードか Trivy のデータベース)")
		}
		return []review.Outcome{{Status: review.NotExamined, Place: at, Observed: why, Todo: how}}
	}
	scan := s.Vulns.Value
	if !slices.Contains(scan.Looked, from) {
		return []review.Outcome{review.Unexamined(at, review.Say("report this: it is a bug of Hatoba", "Hatoba のバグとして報告してください"),
			"the packages of the %s were not listed", "%s のパッケージが一覧にされていない", from)}
	}
	for _, sort := range scan.Packages {
		if sort.From == from && sort.OS == os {
			out = append(out, matched(s, scan, sort, at))
		}
	}
	if len(out) == 0 {
		return []review.Outcome{review.Passed(at, "no %[1]s found: nothing to match", "%[2]sは見つからず、照合するものがない", sortEN(os), sortJA(os))}
	}
	var borne []review.Outcome
	for _, group := range byPackage(scan, from, os) {
		if o := ofPackage(group, at); o.Status == review.Fail {
			out = append(out, o)
		} else {
			borne = append(borne, o)
		}
	}
	if len(borne) > maxBorne { // a base image has dozens of them
		rest := len(borne) - maxBorne
		borne = append(borne[:maxBorne], review.Passed(at, "%d more packages whose vulnerabilities are low or have no fix yet",
			"ほかに %d 個のパッケージに、重大度が低いか修正版のない脆弱性がある", rest))
	}
	return append(out, borne...)
}

func sortEN(os bool) string {
	if os {
		return "OS packages"
	}
	return "application libraries"
}

func sortJA(os bool) string {
	if os {
		return "OS パッケージ"
	}
	return "アプリケーションのライブラリ"
}

// matched is the outcome of one sort of packages: matched, or why not.
func matched(s *review.Subject, scan *review.VulnScan, sort review.Scanned, at review.Place) review.Outcome {
	if sort.Place.File != "" && sort.From == review.PartSource { // a file within the image cannot be opened
		at = sort.Place
	}
	if !sort.Why.IsZero() {
		return review.Outcome{Status: review.NotExamined, Place: at, Observed: review.Text{
			EN: fmt.Sprintf("%s: %s", sort.Type, sort.Why.EN), JA: fmt.Sprintf("%s: %s", sort.Type, sort.Why.JA)}, Todo: sort.How}
	}
	if !sort.Note.IsZero() {
		return review.Outcome{Status: review.Pass, Place: at, Observed: sort.Note}
	}
	date, dateJA, old := "of unknown date", "日付不明", scan.Date.IsZero()
	if !old {
		date, dateJA = "of "+scan.Date.UTC().Format(time.DateOnly), scan.Date.UTC().Format(time.DateOnly)
		if days := int(s.Now.Sub(scan.Date) / (24 * time.Hour)); s.Now.Sub(scan.Date) > freshDB {
			date, dateJA, old = fmt.Sprintf("%s, %d days old", date, days), fmt.Sprintf("%s、%d 日前", dateJA, days), true
		}
	}
	o := review.Passed(at, "%[1]d %[2]s packages matched against %[3]s (%[4]s)", "%[2]s パッケージ %[1]d 個を %[3]s(%[5]s)と照合した",
		sort.Count, sort.Type, scan.DB, date, dateJA)
	if old {
		o = o.WithTodo("fetch a newer database: what was published since is not in it", "新しいデータベースを取得してください。それ以降に公開されたものは含まれていません")
	}
	return o
}

// byPackage groups a scan's vulnerabilities, which are ordered by package.
func byPackage(scan *review.VulnScan, from review.Part, os bool) (out [][]review.Vuln) {
	for _, v := range scan.Vulns {
		if v.From != from || v.OS != os {
			continue
		}
		if n := len(out); n > 0 && out[n-1][0].Package == v.Package && out[n-1][0].Installed == v.Installed && out[n-1][0].Place == v.Place {
			out[n-1] = append(out[n-1], v)
			continue
		}
		out = append(out, []review.Vuln{v})
	}
	return out
}

// ofPackage is the outcome of one package's vulnerabilities.
func ofPackage(vulns []review.Vuln, at review.Place) review.Outcome {
	where := vulns[0].Place.String()
	if vulns[0].From == review.PartSource && vulns[0].Place.File != "" {
		at, where = vulns[0].Place, ""
	}
	var en, ja []string
	status := review.Pass
	for _, v := range vulns {
		severity, severityJA := v.Severity, v.Severity
		if severity == "" {
			severity, severityJA = "severity unknown", "重大度不明"
		}
		if v.Fixed == "" {
			en, ja = append(en, fmt.Sprintf("%s (%s, no fix yet)", v.ID, severity)), append(ja, fmt.Sprintf("%s(%s、修正版なし)", v.ID, severityJA))
			continue
		}
		if v.Severity != "low" {
			status = review.Fail
		}
		en, ja = append(en, fmt.Sprintf("%s (%s, fixed in %s)", v.ID, severity, v.Fixed)), append(ja, fmt.Sprintf("%s(%s、%s で修正)", v.ID, severityJA, v.Fixed))
	}
	name := vulns[0].Package + " " + vulns[0].Installed
	if where != "" {
		name += " in " + where
	}
	return review.Outcome{Status: status, Place: at, Observed: review.Text{
		EN: name + ": " + strings.Join(en, ", "), JA: strings.Replace(name, " in ", " · ", 1) + ": " + strings.Join(ja, "、")}}
}
