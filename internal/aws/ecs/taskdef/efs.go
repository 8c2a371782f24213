package taskdef

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var (
	fileSystem  = regexp.MustCompile(`^fs-[a-zA-Z0-9]+$`)
	accessPoint = regexp.MustCompile(`^fsap-[a-zA-Z0-9]+$`)
)

// checkEFS keeps EFS's rules on access points and authorization.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html
func checkEFS(def types.TaskDefinition) error {
	for _, v := range def.Volumes {
		c := v.EfsVolumeConfiguration
		if c == nil {
			continue
		}
		name, root := aws.ToString(v.Name), aws.ToString(c.RootDirectory)
		auth := types.EFSAuthorizationConfig{}
		if c.AuthorizationConfig != nil {
			auth = *c.AuthorizationConfig
		}
		point := aws.ToString(auth.AccessPointId)
		encrypted := c.TransitEncryption == types.EFSTransitEncryptionEnabled
		switch {
		case !fileSystem.MatchString(aws.ToString(c.FileSystemId)):
			return refuse("Invalid fileSystemId '%s' of the volume '%s'.", aws.ToString(c.FileSystemId), name)
		case point != "" && !accessPoint.MatchString(point):
			return refuse("Invalid accessPointId '%s' of the volume '%s'.", point, name)
		case point != "" && root != "" && root != "/":
			return refuse("The rootDirectory of the volume '%s' must be omitted or set to '/' when an EFS access point is specified.", name)
		case point != "" && !encrypted:
			return refuse("Transit encryption must be enabled for the volume '%s' when an EFS access point is specified.", name)
		case auth.Iam == types.EFSAuthorizationConfigIAMEnabled && !encrypted:
			return refuse("Transit encryption must be enabled for the volume '%s' when EFS IAM authorization is enabled.", name)
		}
		if err := oneOf("transitEncryption", c.TransitEncryption, c.TransitEncryption.Values()); err != nil {
			return err
		}
		if err := oneOf("iam", auth.Iam, auth.Iam.Values()); err != nil {
			return err
		}
	}
	return nil
}
