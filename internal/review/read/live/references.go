package live

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

// references are the things a task definition names.
type references struct {
	groups, secrets, roles, objects []string
	images                          []imageRef
	regions                         map[string]string // of groups that say theirs
}

// imageRef is an image in ECR.
type imageRef struct{ registry, region, name string }

var ecrImage = regexp.MustCompile(`^(\d{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.[a-z0-9.-]+(?::\d+)?/([^:@]+)`)

func parseImage(image string) (imageRef, bool) {
	m := ecrImage.FindStringSubmatch(image)
	if m == nil {
		return imageRef{}, false
	}
	return imageRef{registry: m[1], region: m[2], name: m[3]}, true
}

func refer(definitions ...*review.TaskDef) references {
	refs := references{regions: map[string]string{}}
	for _, td := range definitions {
		if td == nil {
			continue
		}
		refs.roles = append(refs.roles, aws.ToString(td.TaskRoleArn), aws.ToString(td.ExecutionRoleArn))
		for _, c := range td.ContainerDefinitions {
			for _, s := range c.Secrets {
				refs.secrets = append(refs.secrets, aws.ToString(s.ValueFrom))
			}
			if c.RepositoryCredentials != nil {
				refs.secrets = append(refs.secrets, aws.ToString(c.RepositoryCredentials.CredentialsParameter))
			}
			if c.LogConfiguration != nil {
				for _, s := range c.LogConfiguration.SecretOptions {
					refs.secrets = append(refs.secrets, aws.ToString(s.ValueFrom))
				}
			}
			refs.groups = append(refs.groups, logOption(c, "awslogs-group"))
			refs.regions[logOption(c, "awslogs-group")] = logOption(c, "awslogs-region")
			for _, f := range c.EnvironmentFiles {
				refs.objects = append(refs.objects, aws.ToString(f.Value))
			}
			if image, ok := parseImage(aws.ToString(c.Image)); ok && !slices.Contains(refs.images, image) {
				refs.images = append(refs.images, image)
			}
		}
	}
	refs.groups, refs.secrets = unique(refs.groups), unique(refs.secrets)
	refs.roles, refs.objects = unique(refs.roles), unique(refs.objects)
	return refs
}

// logOption is an option of the awslogs driver; empty for other drivers.
func logOption(c types.ContainerDefinition, name string) string {
	if c.LogConfiguration == nil || c.LogConfiguration.LogDriver != types.LogDriverAwslogs {
		return ""
	}
	return c.LogConfiguration.Options[name]
}

// unique keeps the first of each; empty ones go.
func unique(list []string) (out []string) {
	for _, v := range list {
		if v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// after is the text behind the last separator.
func after(text, separator string) string {
	return text[strings.LastIndex(text, separator)+1:]
}
