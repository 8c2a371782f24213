// Package parity compares two environments of a service: the code that runs is
// the same, and so is the shape; what differs is told, and whether it may.
package parity

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/doc"
	"github.com/hatoba/hatoba/internal/review/secret"
)

// Class says what a difference means.
type Class string

const (
	// Expected: environments are there to differ in this.
	Expected Class = "expected"
	// Shape: what was tested is not what runs.
	Shape Class = "shape"
	// Image: another image, or one whose sameness nobody can tell by its name.
	Image Class = "image"
	// Unproven: the same tag, which may name two images.
	Unproven Class = "unproven"
)

// Difference is one value that is not the same. An empty side has no such
// value.
type Difference struct {
	Class  Class        `json:"class"`
	Rule   string       `json:"rule"` // the practice it speaks of: CFG-18, RLS-03 or IMG-34
	Path   string       `json:"path"` // taskdef.containerDefinitions[app].cpu
	A      string       `json:"a"`
	B      string       `json:"b"`
	PlaceA review.Place `json:"place_a,omitzero"`
	PlaceB review.Place `json:"place_b,omitzero"`
}

// Compare lists the differences of two environments, by path. Parts that only
// one of them has are differences, too. Values that look like secrets are shown
// as fingerprints.
func Compare(a, b *review.Subject) []Difference {
	left, right := flatten(a), flatten(b)
	paths := map[string]bool{}
	for p := range left {
		paths[p] = true
	}
	for p := range right {
		paths[p] = true
	}
	var out []Difference
	for p := range paths {
		x, y := left[p], right[p]
		if x.has == y.has && x.text == y.text {
			if class, ok := sameImage(p, x.text); ok {
				out = append(out, Difference{Class: class, Rule: "IMG-34", Path: p, A: x.text, B: y.text, PlaceA: x.place, PlaceB: y.place})
			}
			continue
		}
		class, rule := classify(p, x, y)
		out = append(out, Difference{Class: class, Rule: rule, Path: p,
			A: shown(p, x.text, a.Print), B: shown(p, y.text, a.Print), PlaceA: x.place, PlaceB: y.place})
	}
	slices.SortFunc(out, func(x, y Difference) int { return cmp.Compare(x.Path, y.Path) })
	return out
}

// sameImage tells of an image named alike by both whether that says enough.
func sameImage(path, ref string) (Class, bool) {
	if !isImage(path) || strings.Contains(ref, "@sha256:") {
		return "", false
	}
	return Unproven, true
}

func isImage(path string) bool {
	return strings.HasPrefix(path, "taskdef.containerDefinitions[") && strings.HasSuffix(path, "].image")
}

// classify says what a difference means.
func classify(path string, a, b value) (Class, string) {
	both := a.has && b.has
	switch {
	case isImage(path):
		return image(a.text, b.text), "IMG-34"
	case both && slices.ContainsFunc(mayDiffer, func(part string) bool { return matches(path, part) }):
		return Expected, "CFG-18"
	case slices.ContainsFunc(mayBeAbsent, func(part string) bool { return matches(path, part) }):
		return Expected, "CFG-18"
	}
	return Shape, "RLS-03"
}

// image compares two references: equal digests are the same image wherever
// they are kept.
func image(a, b string) Class {
	_, x, okX := strings.Cut(a, "@")
	_, y, okY := strings.Cut(b, "@")
	switch {
	case okX && okY && x == y:
		return Expected // the same image from another registry
	case okX && okY:
		return Image
	case repository(a) == repository(b):
		return Unproven
	}
	return Image
}

// repository is a reference without its registry: accounts and regions differ.
func repository(ref string) string {
	host, rest, ok := strings.Cut(ref, "/")
	if ok && strings.ContainsAny(host, ".:") {
		return rest
	}
	return ref
}

// mayDiffer are values that environments exist to differ in; a star stands for
// any name.
var mayDiffer = []string{
	"taskdef.family", "taskdef.executionRoleArn", "taskdef.taskRoleArn",
	"taskdef.containerDefinitions[*].environment[*].value",
	"taskdef.containerDefinitions[*].secrets[*].valueFrom",
	"taskdef.containerDefinitions[*].environmentFiles[*].value",
	"taskdef.containerDefinitions[*].repositoryCredentials.credentialsParameter",
	"taskdef.containerDefinitions[*].logConfiguration.options.awslogs-group",
	"taskdef.containerDefinitions[*].logConfiguration.options.awslogs-region",
	"taskdef.containerDefinitions[*].logConfiguration.options.awslogs-stream-prefix",
	"taskdef.containerDefinitions[*].logConfiguration.secretOptions[*].valueFrom",
	"taskdef.volumes[*].efsVolumeConfiguration.fileSystemId",
	"taskdef.volumes[*].efsVolumeConfiguration.authorizationConfig.accessPointId",
	"service.serviceName", "service.cluster", "service.clusterArn", "service.taskDefinition", "service.desiredCount",
	"service.loadBalancers[*].targetGroupArn", "service.loadBalancers[*].loadBalancerName",
	"service.serviceRegistries[*].registryArn", "service.role",
	"service.serviceConnectConfiguration.namespace",
}

// mayBeAbsent may also be there on one side only.
var mayBeAbsent = []string{
	"taskdef.tags[*].value", "service.tags[*].value", "taskdef.tags[*].key", "service.tags[*].key",
	"service.networkConfiguration.awsvpcConfiguration.subnets[*]",
	"service.networkConfiguration.awsvpcConfiguration.securityGroups[*]",
	"service.deploymentConfiguration.alarms.alarmNames[*]",
	"service.desiredCount",
}

// matches compares a path with a pattern; [*] stands for any index.
func matches(path, pattern string) bool {
	for {
		before, after, star := strings.Cut(pattern, "[*]")
		if !strings.HasPrefix(path, before) {
			return false
		}
		path = path[len(before):]
		if !star {
			return path == ""
		}
		end := strings.IndexByte(path, ']')
		if !strings.HasPrefix(path, "[") || end < 0 {
			return false
		}
		path, pattern = path[end+1:], after
	}
}

// shown hides what looks like a secret.
func shown(path, text string, print func(string) string) string {
	_, rest, ok := strings.Cut(path, ".environment[")
	if !ok || !strings.HasSuffix(path, "].value") || text == "" {
		return text
	}
	if secret.Looks(strings.TrimSuffix(rest, "].value"), text) == secret.None {
		return text
	}
	return "fingerprint " + print(text)
}

// value is a plain value of a document.
type value struct {
	has   bool
	text  string
	place review.Place
}

// flatten lists the plain values of both definitions by path. Lists are keyed
// by what names their items, because order says nothing there.
func flatten(s *review.Subject) map[string]value {
	out := map[string]value{}
	if s.TaskDef.OK {
		walk(out, "taskdef", s.TaskDef.Value.Doc, s.TaskDef.Value.File)
	}
	if s.Service.OK {
		walk(out, "service", s.Service.Value.Doc, s.Service.Value.File)
	}
	return out
}

// madeByAWS are fields that describe calls add.
var madeByAWS = map[string]bool{
	"taskdef.taskDefinitionArn": true, "taskdef.revision": true, "taskdef.status": true, "taskdef.requiresAttributes": true,
	"taskdef.compatibilities": true, "taskdef.registeredAt": true, "taskdef.registeredBy": true, "taskdef.deregisteredAt": true,
	"service.serviceArn": true, "service.status": true, "service.runningCount": true, "service.pendingCount": true,
	"service.deployments": true, "service.events": true, "service.createdAt": true, "service.createdBy": true,
	"service.taskSets": true, "service.roleArn": true, "service.platformFamily": true,
}

// named are the members that name an item of a list.
var named = []string{"name", "key", "containerName", "containerPort", "containerPath", "sourceContainer", "namespace", "targetGroupArn", "registryArn", "capacityProvider", "hostname", "type", "value"}

func walk(out map[string]value, path string, n *doc.Node, file string) {
	if n == nil || madeByAWS[path] {
		return
	}
	switch n.Kind {
	case doc.Null:
	case doc.Object:
		for _, m := range n.Members {
			walk(out, path+"."+m.Name, m.Value, file)
		}
	case doc.Array:
		for _, item := range n.Items {
			walk(out, path+"["+label(item)+"]", item, file)
		}
	default:
		line, col := n.Pos()
		out[path] = value{has: true, text: n.Text, place: review.Place{File: file, Line: line, Col: col}}
	}
}

// label names an item of a list. A load balancer's target group differs by
// environment, so its container and port name it.
func label(n *doc.Node) string {
	if n.Kind != doc.Object {
		return n.Text
	}
	if c, p := n.Get("containerName"), n.Get("containerPort"); c != nil && p != nil {
		return c.Text + ":" + p.Text
	}
	for _, name := range named {
		if v := n.Get(name); v != nil && v.Text != "" {
			return v.Text
		}
	}
	return "0"
}
