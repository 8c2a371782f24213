package taskdef

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/logpattern"
)

var (
	logGroup   = regexp.MustCompile(`^[a-zA-Z0-9_./#-]{1,512}$`)
	bufferSize = regexp.MustCompile(`^[1-9][0-9]*[bkmgBKMG]?$`)
)

// checkLogs checks the log configurations.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
func checkLogs(def types.TaskDefinition) error {
	for _, c := range def.ContainerDefinitions {
		l := c.LogConfiguration
		if l == nil {
			continue
		}
		if l.LogDriver == "" {
			return refuse("Log driver should not be null or empty.")
		}
		if err := oneOf("logDriver", l.LogDriver, l.LogDriver.Values()); err != nil {
			return err
		}
		if l.LogDriver != types.LogDriverAwslogs {
			continue
		}
		if err := requireOptions(l.Options, "awslogs-region", "awslogs-group"); err != nil {
			return err
		}
		if err := checkLogOptions(c, l.Options); err != nil {
			return err
		}
	}
	return nil
}

func checkLogOptions(c types.ContainerDefinition, options map[string]string) error {
	if !logGroup.MatchString(options["awslogs-group"]) {
		return refuseContainer(c, "The log option awslogs-group '%s' is not the name of a log group.", options["awslogs-group"])
	}
	for _, o := range []struct {
		name    string
		allowed []string
	}{
		{"awslogs-create-group", []string{"true", "false"}},
		{"mode", []string{"blocking", "non-blocking"}},
	} {
		if v, ok := options[o.name]; ok && !slices.Contains(o.allowed, v) {
			return refuseContainer(c, "The log option %s should be one of [%s].", o.name, strings.Join(o.allowed, " "))
		}
	}
	if v, ok := options["max-buffer-size"]; ok && !bufferSize.MatchString(v) {
		return refuseContainer(c, "The log option max-buffer-size '%s' is not a size such as 25m.", v)
	}
	if _, ok := options["max-buffer-size"]; ok && options["mode"] == "blocking" {
		return refuseContainer(c, "max-buffer-size option is only supported with 'mode=non-blocking'")
	}
	if _, err := logpattern.Parse(options); err != nil {
		return refuseContainer(c, "%s", err)
	}
	return nil
}

func requireOptions(options map[string]string, names ...string) error {
	missing := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return options[n] != "" })
	if len(missing) > 0 {
		return refuse("Log driver awslogs requires options: %s", strings.Join(missing, ", "))
	}
	return nil
}

// fargateLogDrivers are the ones AWS Fargate has.
var fargateLogDrivers = []types.LogDriver{types.LogDriverAwslogs, types.LogDriverSplunk, types.LogDriverAwsfirelens}

func checkFargateLogs(def types.TaskDefinition) error {
	for _, c := range def.ContainerDefinitions {
		l := c.LogConfiguration
		if l == nil {
			continue
		}
		if !slices.Contains(fargateLogDrivers, l.LogDriver) {
			return refuse("Fargate supports the log drivers %v; container '%s' has '%s'.", fargateLogDrivers, aws.ToString(c.Name), l.LogDriver)
		}
		if l.LogDriver != types.LogDriverAwslogs {
			continue
		}
		if def.ExecutionRoleArn == nil {
			return refuse("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
		}
		if err := requireOptions(l.Options, "awslogs-stream-prefix"); err != nil {
			return err
		}
	}
	return nil
}
