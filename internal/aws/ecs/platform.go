package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// latestPlatform is what LATEST means.
const latestPlatform = "1.4.0"

// platformVersions are Fargate's for Linux.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-linux-fargate.html
var platformVersions = []string{"1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"}

// platform resolves a requested platform version.
func platform(version *string) (string, error) {
	v := aws.ToString(version)
	if v == "" || v == "LATEST" {
		return latestPlatform, nil
	}
	if !slices.Contains(platformVersions, v) {
		return "", &types.PlatformUnknownException{Message: aws.String("The specified platform does not exist.")}
	}
	return v, nil
}
