// Package managed has the AWS managed policies that people who run ECS
// attach. The documents grant what AWS's do, written concisely; they are
// evaluated like any other.
// Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
package managed

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"time"
)

//go:embed documents
var documents embed.FS

// Prefix is what the ARNs of AWS managed policies begin with.
const Prefix = "arn:aws:iam::aws:policy/"

// Policy is one AWS managed policy.
type Policy struct {
	Name      string
	Path      string // "/" or "/service-role/", …
	ID        string // ANPA…, always the same
	CreatedAt time.Time
}

// ARN names the policy.
func (p Policy) ARN() string { return strings.TrimSuffix(Prefix, "/") + p.Path + p.Name }

// epoch stands for the time AWS made the policies.
var epoch = time.Date(2015, 2, 6, 18, 40, 0, 0, time.UTC)

// All lists the policies by path and name.
func All() (out []Policy) {
	_ = fs.WalkDir(documents, "documents", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name := strings.TrimSuffix(path.Base(file), ".json")
			out = append(out, Policy{Name: name, Path: folder(file), ID: id(name), CreatedAt: epoch})
		}
		return err
	})
	return out
}

// folder is the path of a policy: that of its file.
func folder(file string) string {
	dir := strings.Trim(strings.TrimPrefix(path.Dir(file), "documents"), "/")
	if dir == "" {
		return "/"
	}
	return "/" + dir + "/"
}

// Document returns the document of an ARN.
func Document(arn string) (string, bool) {
	name, ok := strings.CutPrefix(arn, Prefix)
	if !ok || strings.Contains(name, "..") {
		return "", false
	}
	b, err := documents.ReadFile("documents/" + name + ".json")
	return strings.TrimSpace(string(b)), err == nil
}

// id spells a name as a unique id.
func id(name string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var out [17]byte
	h := uint64(14695981039346656037)
	for i := range out {
		for _, c := range []byte(name) {
			h = (h ^ uint64(c) ^ uint64(i)) * 1099511628211
		}
		out[i] = digits[h>>59]
	}
	return "ANPA" + string(out[:])
}
