package taskdef

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/envfile"
)

var parameter = regexp.MustCompile(`^[a-zA-Z0-9_./-]+$`)

// checkEnvironment checks variables and secrets.
func checkEnvironment(def types.TaskDefinition) error {
	for _, c := range def.ContainerDefinitions {
		taken := map[string]bool{}
		for _, e := range c.Environment {
			n := aws.ToString(e.Name)
			if n == "" || strings.ContainsAny(n, "=\x00") || strings.Contains(aws.ToString(e.Value), "\x00") {
				return refuseContainer(c, "Environment variable names should not be empty or contain '='.")
			}
			taken[n] = true
		}
		if err := CheckEnvironmentFiles(c.EnvironmentFiles, def.ExecutionRoleArn); err != nil {
			return refuseContainer(c, "%s", err)
		}
		for _, s := range c.Secrets {
			if def.ExecutionRoleArn == nil {
				return refuse("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
			}
			n := aws.ToString(s.Name)
			if n == "" || strings.ContainsAny(n, "=\x00") {
				return refuseContainer(c, "Secret names should not be empty or contain '='.")
			}
			if taken[n] {
				return refuse("The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", n)
			}
			taken[n] = true
			if err := checkSecret(n, aws.ToString(s.ValueFrom)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSecret takes the ARN of a secret, with the parts after it, the ARN of a
// parameter, or a parameter's name.
func checkSecret(name, from string) error {
	if !strings.HasPrefix(from, "arn:") {
		if !parameter.MatchString(from) {
			return refuse("The Systems Manager parameter name specified for secret %s is invalid", name)
		}
		return nil
	}
	parts := strings.Split(from, ":")
	switch {
	case len(parts) >= 6 && parts[2] == "ssm" && strings.HasPrefix(parts[5], "parameter/"):
		if !parameter.MatchString(strings.TrimPrefix(strings.Join(parts[5:], ":"), "parameter/")) {
			return refuse("The Systems Manager parameter name specified for secret %s is invalid", name)
		}
	case len(parts) >= 7 && parts[2] == "secretsmanager" && parts[5] == "secret" && parts[6] != "" && len(parts) <= 10:
	default:
		return refuse("Invalid valueFrom for secret %s. It must be the ARN of a Secrets Manager secret, or the ARN or name of a Systems Manager parameter.", name)
	}
	return nil
}

// CheckEnvironmentFiles checks the environment files of a container or of its
// override. The error is a text without a container.
func CheckEnvironmentFiles(files []types.EnvironmentFile, executionRole *string) error {
	if len(files) == 0 {
		return nil
	}
	if aws.ToString(executionRole) == "" {
		return errors.New("When you are specifying container environmentFiles, you must also specify a value for 'executionRoleArn'.") //nolint:staticcheck // a message of the API, in its form
	}
	if len(files) > envfile.MaxFiles {
		return fmt.Errorf("A container can have at most %d environmentFiles; it has %d.", envfile.MaxFiles, len(files)) //nolint:staticcheck // a message of the API, in its form
	}
	for _, f := range files {
		if f.Type != types.EnvironmentFileTypeS3 {
			return fmt.Errorf("Invalid environmentFiles type '%s'. The only type is s3.", f.Type) //nolint:staticcheck // a message of the API, in its form
		}
		if _, _, err := envfile.Object(aws.ToString(f.Value)); err != nil {
			return fmt.Errorf("Invalid environmentFiles value: %w.", err) //nolint:staticcheck // a message of the API, in its form
		}
	}
	return nil
}
