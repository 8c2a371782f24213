package inventory

import (
	"encoding/xml"
	"strings"
)

// pom reads what a pom.xml pins itself. A version that a parent or a bill of
// materials gives is not known without a repository: it is counted as loose.
func pom(text string) (out []Package, loose int, err error) {
	type dependency struct {
		Group    string `xml:"groupId"`
		Artifact string `xml:"artifactId"`
		Version  string `xml:"version"`
		Scope    string `xml:"scope"`
	}
	var project struct {
		XMLName    xml.Name `xml:"project"`
		Version    string   `xml:"version"`
		Properties struct {
			All []struct {
				XMLName xml.Name
				Value   string `xml:",chardata"`
			} `xml:",any"`
		} `xml:"properties"`
		Managed      []dependency `xml:"dependencyManagement>dependencies>dependency"`
		Dependencies []dependency `xml:"dependencies>dependency"`
	}
	if err := xml.Unmarshal([]byte(text), &project); err != nil {
		return nil, 0, err
	}
	property := map[string]string{"project.version": project.Version}
	for _, p := range project.Properties.All {
		property[p.XMLName.Local] = strings.TrimSpace(p.Value)
	}
	resolve := func(s string) string {
		if name, ok := strings.CutPrefix(s, "${"); ok && strings.HasSuffix(s, "}") {
			return property[strings.TrimSuffix(name, "}")]
		}
		return s
	}
	managed := map[string]string{}
	for _, d := range project.Managed {
		managed[d.Group+":"+d.Artifact] = resolve(d.Version)
	}
	for _, d := range project.Dependencies {
		if d.Scope == "test" || d.Scope == "provided" || d.Scope == "system" {
			continue
		}
		name, version := resolve(d.Group)+":"+resolve(d.Artifact), resolve(d.Version)
		if version == "" {
			version = managed[name]
		}
		if version == "" || strings.ContainsAny(version, "[($") {
			loose++
			continue
		}
		out = append(out, Package{Name: name, Version: version, Line: lineOf(text, "<artifactId>"+d.Artifact+"</artifactId>")})
	}
	return out, loose, nil
}

// lineOf is the line of a text's first mention, 0 if there is none.
func lineOf(text, mention string) int {
	before, _, ok := strings.Cut(text, mention)
	if !ok {
		return 0
	}
	return strings.Count(before, "\n") + 1
}
