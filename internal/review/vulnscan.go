package review

import "time"

// VulnScan is what a vulnerability database says of the packages of the image
// and of the source folder.
type VulnScan struct {
	DB       string    // the database, as the operator named it
	Date     time.Time // of its data; the zero time if it does not tell
	Looked   []Part    // whose packages were listed: image, source
	Packages []Scanned
	Vulns    []Vuln // ordered by package, then id
}

// Scanned is one sort of packages of one part, matched or not.
type Scanned struct {
	From  Part   // image or source
	Type  string // deb, apk, rpm; golang, npm, pypi …
	OS    bool   // a package of the distribution
	Count int
	Place Place // the file that lists them, if it is one
	// Why and How, if set: why these were not matched, and what to do.
	Why, How Text
	// Note, if set: told instead of a count, and nothing is missed.
	Note Text
}

// Vuln is one known vulnerability of one package.
type Vuln struct {
	ID        string // CVE if it has one
	From      Part
	Type      string
	OS        bool
	Package   string
	Installed string
	Fixed     string // the version that mends it; empty if there is none yet
	Severity  string // critical, high, medium, low; empty if nobody said
	Place     Place
}
