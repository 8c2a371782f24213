package authorization

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// need is one permission that a call takes.
type need struct {
	action   string
	resource string // "*" for none
	// anyResource says that the resource is not told apart: some resource must
	// be allowed.
	anyResource bool
	policy      string              // of the resource itself, "" without one
	key         bool                // the resource is a KMS key
	context     map[string][]string // condition keys of the resource and the call
}

// needs lists the permissions of a call.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func (v *view) needs(service, operation string, in any) []need {
	action := service + ":" + operation
	switch service {
	case "secretsmanager":
		return v.secretNeeds(operation, in)
	case "ssm":
		return v.parameterNeeds(operation, in)
	case "s3":
		return v.objectNeeds(operation, in)
	case "sts":
		if role := text(in, "RoleArn"); role != "" {
			return []need{{action: action, resource: role}}
		}
	case "kms":
		return v.keyNeeds(operation, in)
	case "ecs":
		return v.taskNeeds(operation, in)
	case "elasticloadbalancing", "acm":
		return []need{{action: action, resource: balancingResource(in)}}
	case "servicediscovery":
		return []need{v.discoveryNeed(operation, in)}
	case "route53":
		return []need{{action: action, resource: v.discoveryResource(in)}}
	case "events":
		return v.eventNeeds(operation, in)
	case "scheduler":
		return v.scheduleNeeds(operation, in)
	case "monitoring":
		return v.monitoringNeeds(operation, in)
	case "application-autoscaling":
		return []need{{action: action, resource: v.scalableTarget(operation, in)}}
	case "ec2":
		return []need{{action: action, resource: v.networkResource(operation, in)}}
	case "sns":
		return []need{v.topicNeed(action, in)}
	}
	return []need{{action: action, resource: "*"}}
}

// balancingResource is the ARN that a call for a load balancer or a certificate
// names.
func balancingResource(in any) string {
	for _, name := range []string{"RuleArn", "ListenerArn", "LoadBalancerArn", "TargetGroupArn", "CertificateArn"} {
		if arn := text(in, name); arn != "" {
			return arn
		}
	}
	return "*"
}

// topicNeed is what a call for a topic takes, whose own policy may give it too.
// Subscriptions are no resources; a batch is published by Publish's permission.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
func (v *view) topicNeed(action string, in any) need {
	if action == "sns:PublishBatch" {
		action = "sns:Publish"
	}
	for _, name := range []string{"TopicArn", "TargetArn", "ResourceArn"} {
		arn := text(in, name)
		topic, ok := store.Topics.Get(v.r, v.scope.Key(state.TopicName(arn)))
		if ok && strings.HasPrefix(arn, topic.ARN) {
			return need{action: action, resource: topic.ARN, policy: topic.Attributes["Policy"]}
		}
		if arn != "" {
			return need{action: action, resource: arn}
		}
	}
	if name := text(in, "Name"); name != "" {
		return need{action: action, resource: v.scope.ARN("sns", name)}
	}
	return need{action: action, resource: "*"}
}

// discoveryResource is the ARN of what a call of Cloud Map or Route 53 is about;
// "*" for one that names it otherwise, such as DiscoverInstances, and for one
// that makes it.
func (v *view) discoveryResource(in any) string {
	if arn := text(in, "ResourceARN"); arn != "" {
		return arn
	}
	for _, member := range []string{"ServiceId", "NamespaceId", "Id"} {
		id := text(in, member)
		switch {
		case strings.HasPrefix(id, "arn:"):
			return id
		case strings.HasPrefix(id, "srv-"):
			return v.scope.ARN("servicediscovery", "service/"+id)
		case strings.HasPrefix(id, "ns-"):
			return v.scope.ARN("servicediscovery", "namespace/"+id)
		}
	}
	for _, member := range []string{"HostedZoneId", "Id"} {
		if id := strings.TrimPrefix(strings.TrimPrefix(text(in, member), "/"), "hostedzone/"); strings.HasPrefix(id, "Z") {
			return "arn:aws:route53:::hostedzone/" + id
		}
	}
	return "*"
}

// discoveryNeed is what a call of Cloud Map takes. What looks at instances, and
// lists, is not told apart by resource, but by condition keys.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudmap.html
func (v *view) discoveryNeed(operation string, in any) need {
	n := need{action: "servicediscovery:" + operation, resource: v.discoveryResource(in), context: map[string][]string{}}
	for key, member := range map[string]string{"servicediscovery:namespacename": "NamespaceName", "servicediscovery:servicename": "ServiceName"} {
		if name := text(in, member); name != "" {
			n.context[key] = []string{name}
		}
	}
	if operation == "CreateService" && n.resource != "*" {
		n.context["servicediscovery:namespacearn"] = []string{n.resource}
	} else if text(in, "ServiceId") != "" {
		n.context["servicediscovery:servicearn"] = []string{n.resource}
	}
	switch operation {
	case "GetInstance", "GetInstancesHealthStatus", "ListInstances", "UpdateInstanceCustomHealthStatus":
		n.resource = "*"
	}
	return n
}

// scalableTarget is the ARN of the target that a call changes; what describes is
// not told apart. One that is not there yet has no id.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsapplicationautoscaling.html
func (v *view) scalableTarget(operation string, in any) string {
	if arn := text(in, "ResourceARN"); arn != "" {
		return arn
	}
	if strings.HasPrefix(operation, "Describe") {
		return "*"
	}
	if t, ok := store.ScalableTargets.Get(v.r, v.scope.Key(text(in, "ResourceId"))); ok {
		return t.ARN
	}
	return v.scope.ARN("application-autoscaling", "scalable-target/*")
}

// monitoringNeeds: IAM calls CloudWatch by another name than its signatures do.
// Each alarm that is named must be allowed; what describes alarms without names
// takes all of them.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
func (v *view) monitoringNeeds(operation string, in any) (needs []need) {
	n := need{action: "cloudwatch:" + operation, resource: "*"}
	for _, name := range texts(in, "AlarmNames") {
		needs = append(needs, need{action: n.action, resource: v.scope.AlarmARN(name)})
	}
	if len(needs) > 0 {
		return needs
	}
	if name := text(in, "AlarmName"); name != "" {
		n.resource = v.scope.AlarmARN(name)
	} else if operation == "DescribeAlarms" || operation == "DescribeAlarmHistory" {
		n.resource = v.scope.AlarmARN("*")
	}
	if arn := text(in, "ResourceARN"); arn != "" {
		n.resource = arn
	}
	if namespace := text(in, "Namespace"); namespace != "" && operation == "PutMetricData" {
		n.context = map[string][]string{"cloudwatch:namespace": {namespace}}
	}
	return []need{n}
}

// networkResource is what a call of EC2 changes. What it makes, and what it
// describes, has no ARN yet.
func (v *view) networkResource(operation string, in any) string {
	if strings.HasPrefix(operation, "Create") || strings.HasPrefix(operation, "Describe") {
		return "*"
	}
	for _, kind := range [][2]string{
		{"GroupId", "security-group/"}, {"SubnetId", "subnet/"}, {"RouteTableId", "route-table/"}, {"InternetGatewayId", "internet-gateway/"},
		{"NetworkInterfaceId", "network-interface/"}, {"NatGatewayId", "natgateway/"}, {"AllocationId", "elastic-ip/"}, {"VpcId", "vpc/"},
	} {
		if id := text(in, kind[0]); id != "" {
			return v.scope.ARN("ec2", kind[1]+id)
		}
	}
	return "*"
}

// secretNeeds: every secret that is read must be allowed, also those that a
// filter finds.
func (v *view) secretNeeds(operation string, in any) []need {
	action := "secretsmanager:" + operation
	ids := texts(in, "SecretIdList")
	switch {
	case operation == "BatchGetSecretValue" && len(ids) == 0:
		out := []need{{action: action, resource: "*"}}
		for _, s := range store.Secrets.List(v.r, v.scope, "") {
			out = append(out, secretNeed("secretsmanager:GetSecretValue", s, s.Name))
		}
		return out
	case operation == "BatchGetSecretValue":
		out := []need{{action: action, resource: "*"}}
		for _, id := range ids {
			out = append(out, v.secret("secretsmanager:GetSecretValue", id))
		}
		return out
	}
	if id := text(in, "SecretId"); id != "" {
		return []need{v.secret(action, id)}
	}
	if name := text(in, "Name"); name != "" && operation == "CreateSecret" {
		return []need{{action: action, resource: v.scope.SecretARN(name, "??????")}}
	}
	return []need{{action: action, resource: "*"}}
}

var secretSuffix = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)

// secret finds what an id means: a name or an ARN, with or without the end.
func (v *view) secret(action, id string) need {
	name := strings.TrimPrefix(id, v.scope.ARN("secretsmanager", "secret:"))
	for _, candidate := range []string{secretSuffix.ReplaceAllString(name, ""), name} {
		if s, ok := store.Secrets.Get(v.r, v.scope.Key(candidate)); ok && (candidate == name || s.ARN == id) {
			return secretNeed(action, s, id)
		}
	}
	if !strings.HasPrefix(id, "arn:") {
		id = v.scope.SecretARN(id, "??????")
	}
	return need{action: action, resource: id}
}

func secretNeed(action string, s state.Secret, id string) need {
	n := need{action: action, resource: s.ARN, policy: s.Policy, context: map[string][]string{"secretsmanager:secretid": {id}, "secretsmanager:name": {s.Name}}}
	for _, tag := range s.Tags {
		key := strings.ToLower(aws.ToString(tag.Key))
		n.context["aws:resourcetag/"+key] = []string{aws.ToString(tag.Value)}
		n.context["secretsmanager:resourcetag/"+key] = []string{aws.ToString(tag.Value)}
	}
	return n
}

func (v *view) parameterNeeds(operation string, in any) (out []need) {
	action := "ssm:" + operation
	names := texts(in, "Names")
	for _, member := range []string{"Name", "Path", "ResourceId"} {
		if name := text(in, member); name != "" {
			names = append(names, name)
		}
	}
	if operation == "DescribeParameters" || len(names) == 0 {
		return []need{{action: action, resource: "*"}}
	}
	for _, name := range names {
		out = append(out, need{action: action, resource: v.parameter(name)})
	}
	return out
}

// parameter is the ARN of a parameter's name, ARN, or either with a selector.
func (v *view) parameter(name string) string {
	prefix := v.scope.ARN("ssm", "parameter")
	name = strings.TrimPrefix(name, prefix)
	if strings.HasPrefix(name, "arn:") {
		return name // of somewhere else
	}
	name, _, _ = strings.Cut(name, ":")
	return prefix + "/" + strings.TrimPrefix(name, "/")
}

// taskNeeds: what starts tasks names its definition, and takes the right to
// hand on its roles; what is about services names those. Other resources of ECS
// are not told apart.
func (v *view) taskNeeds(operation string, in any) []need {
	action := "ecs:" + operation
	switch operation {
	case "CreateService", "UpdateService", "DeleteService", "DescribeServices", "ListServiceDeployments":
		return v.serviceNeeds(action, in)
	case "RunTask", "StartTask":
		definition := text(in, "TaskDefinition")
		if definition == "" {
			break
		}
		out := []need{{action: action, resource: v.definition(definition)}}
		overrides := member(reflect.ValueOf(in), "Overrides")
		if overrides.IsValid() && overrides.Kind() == reflect.Struct {
			out = append(out, v.passed(overrides.Addr().Interface())...)
		}
		return out
	case "RegisterTaskDefinition":
		return append([]need{{action: action, anyResource: true}}, v.passed(in)...)
	}
	return []need{{action: action, anyResource: true}}
}

// serviceNeeds is a need for each service that a request names, by name or ARN.
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
func (v *view) serviceNeeds(action string, in any) (out []need) {
	cluster := text(in, "Cluster")
	cluster = cluster[strings.LastIndex(cluster, "/")+1:]
	if cluster == "" {
		cluster = "default"
	}
	names := texts(in, "Services")
	for _, member := range []string{"ServiceName", "Service"} {
		if name := text(in, member); name != "" {
			names = append(names, name)
		}
	}
	context := map[string][]string{"ecs:cluster": {v.scope.ClusterARN(cluster)}}
	if definition := text(in, "TaskDefinition"); definition != "" {
		context["ecs:task-definition"] = []string{v.definition(definition)}
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "arn:") {
			name = v.scope.ServiceARN(cluster, name)
		}
		out = append(out, need{action: action, resource: name, context: context})
	}
	if len(out) == 0 {
		return []need{{action: action, anyResource: true}}
	}
	return out
}

// passed are the roles that a request hands to tasks.
func (v *view) passed(in any) (out []need) {
	for _, name := range []string{"TaskRoleArn", "ExecutionRoleArn"} {
		if role := text(in, name); role != "" {
			if !strings.HasPrefix(role, "arn:") {
				role = state.IAMARN(v.scope.Account, "role", "/", role)
			}
			out = append(out, need{action: "iam:PassRole", resource: role, context: map[string][]string{"iam:passedtoservice": {"ecs-tasks.amazonaws.com"}}})
		}
	}
	return out
}

// definition is the ARN of FAMILY, FAMILY:REVISION or an ARN.
func (v *view) definition(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	if family, ok := store.TaskFamilies.Get(v.r, v.scope.Key(name)); ok && !strings.Contains(name, ":") {
		return v.scope.TaskDefinitionARN(name, family.LastRevision)
	}
	return v.scope.ARN("ecs", "task-definition/"+name)
}

// member reads a field of a struct, through pointers; invalid without one.
func member(v reflect.Value, name string) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	f := v.FieldByName(name)
	for f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.Struct {
		f = f.Elem()
	}
	return f
}

func plain(v reflect.Value) string {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.String {
		return ""
	}
	return v.String()
}

// valueOf is a member of an input as it is, nil without it.
func valueOf(in any, name string) any {
	if m := member(reflect.ValueOf(in), name); m.IsValid() && m.CanInterface() {
		return m.Interface()
	}
	return nil
}

// text is a string member of an input, "" without it.
func text(in any, name string) string { return plain(member(reflect.ValueOf(in), name)) }

// texts is a list of strings of an input.
func texts(in any, name string) []string {
	list, ok := member(reflect.ValueOf(in), name), false
	if list.IsValid() && list.CanInterface() {
		var out []string
		if out, ok = list.Interface().([]string); ok {
			return slices.Clone(out)
		}
	}
	return nil
}
