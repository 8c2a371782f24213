package arch

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/authorization"
	"github.com/hatoba/hatoba/internal/aws/acm"
	"github.com/hatoba/hatoba/internal/aws/autoscaling"
	"github.com/hatoba/hatoba/internal/aws/cloudwatch"
	"github.com/hatoba/hatoba/internal/aws/ec2"
	"github.com/hatoba/hatoba/internal/aws/ecr"
	"github.com/hatoba/hatoba/internal/aws/ecs"
	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/aws/elbv2"
	"github.com/hatoba/hatoba/internal/aws/events"
	"github.com/hatoba/hatoba/internal/aws/iam"
	"github.com/hatoba/hatoba/internal/aws/kms"
	logs "github.com/hatoba/hatoba/internal/aws/logs"
	"github.com/hatoba/hatoba/internal/aws/route53"
	"github.com/hatoba/hatoba/internal/aws/scheduler"
	"github.com/hatoba/hatoba/internal/aws/secretsmanager"
	"github.com/hatoba/hatoba/internal/aws/servicediscovery"
	"github.com/hatoba/hatoba/internal/aws/sns"
	"github.com/hatoba/hatoba/internal/aws/ssm"
	"github.com/hatoba/hatoba/internal/aws/sts"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/wire"
)

// unread are members of inputs that no code reads, with the reason why that is
// right. Below a member that is read as a whole they need no reading.
var unread = map[string]string{
	"application-autoscaling.*.DisableScaleIn":                                        "stored, and read by internal/scaling",
	"application-autoscaling.*.ScaleInCooldown":                                       "stored, and read by internal/scaling",
	"application-autoscaling.*.ScaleOutCooldown":                                      "stored, and read by internal/scaling",
	"application-autoscaling.*.TargetValue":                                           "checked and read by internal/scaling",
	"application-autoscaling.*.CustomizedMetricSpecification":                         "checked and read by internal/scaling",
	"application-autoscaling.*.StepScalingPolicyConfiguration.*":                      "checked and read by internal/scaling",
	"application-autoscaling.PutScalingPolicy.PredictiveScalingPolicyConfiguration.*": "the configuration is refused",
	"ec2.*.DryRun":                                            "read of every operation by one place, by its name",
	"ec2.AuthorizeSecurityGroupEgress.*":                      "taken as the Ingress that has the same members",
	"ec2.RevokeSecurityGroupEgress.*":                         "taken as the Ingress that has the same members",
	"ec2.UpdateSecurityGroupRuleDescriptionsEgress.*":         "taken as the Ingress that has the same members",
	"ec2.ReplaceRoute.*":                                      "taken as CreateRoute, which has the same members",
	"ec2.DescribeAvailabilityZones.AllAvailabilityZones":      "all zones that there are need no opting in",
	"ec2.DescribeRegions.AllRegions":                          "all regions that there are need no opting in",
	"ec2.DescribeNetworkInterfaces.IncludeManagedResources":   "nothing is hidden that it would show",
	"elasticloadbalancing.*.AuthenticateCognitoConfig":        "actions of the kind are refused",
	"elasticloadbalancing.*.AuthenticateOidcConfig":           "actions of the kind are refused",
	"elasticloadbalancing.*.JwtValidationConfig":              "actions of the kind are refused",
	"ecr.*.ImageTagMutabilityExclusionFilters.FilterType":     "the list is refused",
	"ecr.SetRepositoryPolicy.Force":                           "it forces a policy that locks its author out: no policy of a repository does here",
	"events.*.Force":                                          "rules that AWS's services manage are meant: there are none",
	"events.*.ConnectivityParameters.*":                       "ConnectivityParameters is refused",
	"events.*.InvocationConnectivityParameters.*":             "InvocationConnectivityParameters is refused",
	"events.*.IsValueSecret":                                  "internal/events/connection hides such values",
	"events.PutEvents.Entries.TraceHeader":                    "there is no X-Ray that would be told",
	"events.PutTargets.Targets.EcsParameters":                 "internal/aws/ecs makes a RunTask of them",
	"events.PutTargets.Targets.AppSyncParameters.*":           "AppSyncParameters is refused",
	"events.PutTargets.Targets.BatchParameters.*":             "BatchParameters is refused",
	"events.PutTargets.Targets.KinesisParameters.*":           "KinesisParameters is refused",
	"events.PutTargets.Targets.RedshiftDataParameters.*":      "RedshiftDataParameters is refused",
	"events.PutTargets.Targets.RunCommandParameters.*":        "RunCommandParameters is refused",
	"events.PutTargets.Targets.SageMakerPipelineParameters.*": "SageMakerPipelineParameters is refused",
	"events.PutTargets.Targets.SqsParameters.*":               "SqsParameters is refused",
	"scheduler.*.Target.EcsParameters":                        "control/event hands them to internal/aws/ecs, which makes a RunTask of them",
	"scheduler.*.Target.KinesisParameters.*":                  "KinesisParameters is refused",
	"scheduler.*.Target.SageMakerPipelineParameters.*":        "SageMakerPipelineParameters is refused",
	"scheduler.*.Target.SqsParameters.*":                      "SqsParameters is refused",
	"kms.*.Recipient.*":                                       "Recipient is refused",
	"logs.FilterLogEvents.Interleaved":                        "AWS ignores it since June 17, 2019: events of several streams are always interleaved",
	"logs.*.Unmask":                                           "nothing is masked: there are no data protection policies",
	"logs.ListLogGroups.DataSources.Type":                     "DataSources is refused",
	"logs.ListLogGroups.LogGroupTags.Key":                     "LogGroupTags is refused",
	"logs.PutLogEvents.Entity.*":                              "an entity is rejected in the answer, as AWS tells of entities it does not keep",
	"logs.PutLogEvents.SequenceToken":                         "AWS ignores it: batches are always accepted, whatever the token",
	"monitoring.*.ActionConfiguration.AlarmTagsPropagation.*": "AlarmTagsPropagation is refused",
	"monitoring.PutMetricAlarm.WarmUpConfiguration.*":         "WarmUpConfiguration is refused",
	"monitoring.PutMetricData.EntityMetricData.*":             "EntityMetricData is refused",
	"s3.PutBucketPolicy.ConfirmRemoveSelfBucketAccess":        "whose bucket it is can change its policy whatever that says",
	"secretsmanager.CreateSecret.AddReplicaRegions.Region":    "AddReplicaRegions is refused",
	"servicediscovery.*.HealthCheckConfig.ResourcePath":       "HealthCheckConfig is refused",
	"sts.AssumeRole.ProvidedContexts.*":                       "ProvidedContexts is refused",

	"route53.*.ResourceRecordSet.CidrRoutingConfig.*":    "CidrRoutingConfig is refused",
	"route53.*.ResourceRecordSet.GeoLocation.*":          "GeoLocation is refused",
	"route53.*.ResourceRecordSet.GeoProximityLocation.*": "GeoProximityLocation is refused",
}

// folders are those of services that are called otherwise.
var folders = map[string]string{"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch", "application-autoscaling": "autoscaling"}

// TestEveryInputIsRead holds that nothing is accepted and ignored: the code of
// a service reads each member of the inputs of the operations it serves.
func TestEveryInputIsRead(t *testing.T) {
	services := []wire.Service{
		new(acm.Service).Describe(), new(cloudwatch.Service).Describe(), new(ec2.Service).Describe(), new(elbv2.Service).Describe(), new(ecr.Service).Describe(), new(ecs.Service).Describe(), new(events.Service).Describe(), new(scheduler.Service).Describe(), new(iam.Service).Describe(), new(kms.Service).Describe(), new(logs.Service).Describe(),
		new(secretsmanager.Service).Describe(), new(sns.Service).Describe(), new(ssm.Service).Describe(), new(sts.Service).Describe(),
		new(servicediscovery.Service).Describe(), new(route53.Service).Describe(), new(autoscaling.Service).Describe(),
	}
	used, walked := map[string]bool{}, map[string]bool{"s3": true} // S3 has a test of its own
	for _, s := range services {
		if !authorization.Judges(s.Name) && s.Name != "ecr" && s.Name != "logs" {
			t.Errorf("tasks may do whatever they like with %s: its calls are not judged", s.Name)
		}
		folder := cmp.Or(folders[s.Name], s.Name)
		walked[folder] = true
		read := readMembers(t, "../../internal/aws/"+folder)
		if s.Name == "ecs" {
			read.tables()
		}
		for _, op := range s.Operations {
			for i := range op.Input.NumField() {
				f := op.Input.Field(i)
				if !f.IsExported() || read.members[op.Input.Name()][f.Name] {
					continue
				}
				member := s.Name + "." + op.Name + "." + f.Name
				if !excused(member, used) {
					t.Errorf("%s is never read", member)
				}
			}
			if s.Name != "ecs" { // whose nested members fields has
				for _, path := range unmentioned(op.Input, read.names, nil) {
					member := s.Name + "." + op.Name + "." + path
					if !excused(member, used) {
						t.Errorf("%s is never mentioned", member)
					}
				}
			}
		}
	}
	entries, err := os.ReadDir("../../internal/aws")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !walked[e.Name()] {
			t.Errorf("the service in internal/aws/%s is not walked: add it above", e.Name())
		}
	}
	for member := range unread {
		if !used[member] && !strings.HasPrefix(member, "s3.") {
			t.Errorf("%s is read, or is no member", member)
		}
	}
}

// excused tells whether a member is among those that need no reading, or below
// one of them.
func excused(member string, used map[string]bool) bool {
	for pattern := range unread {
		if policy.Match(pattern, member) || policy.Match(pattern+".*", member) {
			used[pattern] = true
			return true
		}
	}
	return false
}

// TestEveryInputOfS3IsRead holds that what S3's operations say they take is
// read. What they do not take is refused by name, when it is there.
func TestEveryInputOfS3IsRead(t *testing.T) {
	const dir = "../../internal/aws/s3"
	read := readMembers(t, dir)
	file, err := parser.ParseFile(token.NewFileSet(), dir+"/service.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	literals := constants(file)
	read.members["HeadObjectInput"] = read.members["GetObjectInput"] // it is answered as that is, by a copy
	operations := 0
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 3 {
			return true
		}
		if fn, ok := call.Fun.(*ast.Ident); !ok || fn.Name != "op" {
			return true
		}
		operations++
		name := words(call.Args[0], nil)[0]
		for _, member := range words(call.Args[1], literals) {
			if strings.HasPrefix(member, "Checksum") && member != "ChecksumType" && member != "ChecksumMode" {
				continue // read by the name of the algorithm
			}
			if !excused("s3."+name+"."+member, map[string]bool{}) && !read.members[name+"Input"][member] {
				t.Errorf("s3.%s.%s is never read", name, member)
			}
		}
		return true
	})
	if operations < 50 {
		t.Errorf("only %d operations were found", operations)
	}
}

// constants are a file's, with what they are made of.
func constants(file *ast.File) map[string]ast.Expr {
	out := map[string]ast.Expr{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Names) == 1 && len(v.Values) == 1 {
			out[v.Names[0].Name] = v.Values[0]
		}
		return true
	})
	return out
}

// words are those of the literals in an expression, and of its constants.
func words(e ast.Expr, constants map[string]ast.Expr) (out []string) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			out = append(out, strings.Fields(strings.Trim(n.Value, `"`))...)
		case *ast.Ident:
			if constants[n.Name] != nil {
				out = append(out, words(constants[n.Name], nil)...)
			}
		}
		return true
	})
	return out
}

// reads are what the code of a package reads.
type reads struct {
	members map[string]map[string]bool // of its parameters, by type
	names   map[string]bool            // of whatever
}

// tables adds what the tables of fields refuse, or say to have no effect: code
// checks inputs by them.
func (r reads) tables() {
	for _, d := range fields.All() {
		for _, f := range d.Table.Fields {
			if f.Class == fields.Done && len(f.Values) != 1 {
				continue // code must read it
			}
			member, _, _ := strings.Cut(f.Path, ".")
			member, _, _ = strings.Cut(member, "[")
			r.note(d.Table.Operation+"Input", strings.ToUpper(member[:1])+member[1:])
		}
	}
}

func (r reads) note(typ, member string) {
	if r.members[typ] == nil {
		r.members[typ] = map[string]bool{}
	}
	r.members[typ][member] = true
}

func readMembers(t *testing.T, dir string) reads {
	t.Helper()
	out := reads{map[string]map[string]bool{}, map[string]bool{}}
	var files []*ast.File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		files = append(files, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]string{} // fields of our structs that are inputs
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.StructType); ok {
				inputsOf(s.Fields, held)
			}
			return true
		})
	}
	for _, file := range files {
		out.file(file, held)
	}
	return out
}

func (r reads) file(file *ast.File, held map[string]string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			r.names[n.Sel.Name] = true
			if in, ok := n.X.(*ast.SelectorExpr); ok && held[in.Sel.Name] != "" {
				r.note(held[in.Sel.Name], n.Sel.Name)
			}
		case *ast.FuncDecl:
			if n.Body != nil {
				r.function(n.Type, n.Body)
			}
		case *ast.FuncLit:
			r.function(n.Type, n.Body)
		}
		return true
	})
}

// function notes what is selected of the parameters that are inputs.
func (r reads) function(typ *ast.FuncType, body *ast.BlockStmt) {
	inputs := map[string]string{}
	inputsOf(typ.Params, inputs)
	ast.Inspect(body, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && inputs[x.Name] != "" {
				r.note(inputs[x.Name], sel.Sel.Name)
			}
		}
		return true
	})
}

// inputsOf gathers the names of parameters or fields that are inputs.
func inputsOf(list *ast.FieldList, into map[string]string) {
	for _, p := range list.List {
		star, ok := p.Type.(*ast.StarExpr)
		if !ok {
			continue
		}
		of := ""
		switch named := star.X.(type) {
		case *ast.SelectorExpr:
			of = named.Sel.Name
		case *ast.Ident: // EC2 has its own
			of = named.Name
		}
		if strings.HasSuffix(of, "Input") {
			for _, name := range p.Names {
				into[name.Name] = of
			}
		}
	}
}

// unmentioned are the members of the structs in an input that are not
// mentioned by name.
func unmentioned(typ reflect.Type, names map[string]bool, above []reflect.Type) (out []string) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || slices.Contains(above, typ) || typ.PkgPath() == "time" {
		return nil
	}
	for i := range typ.NumField() {
		f := typ.Field(i)
		if !f.IsExported() {
			continue
		}
		if len(above) > 0 && !names[f.Name] {
			out = append(out, f.Name)
			continue
		}
		for _, path := range unmentioned(f.Type, names, append(above, typ)) {
			out = append(out, f.Name+"."+path)
		}
	}
	return out
}
