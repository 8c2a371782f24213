package ssm

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/expression"
	"github.com/hatoba/hatoba/internal/state"
)

// The longest value of each tier in bytes.
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
const (
	maxStandard = 4096
	maxAdvanced = 8192
)

// ownKey is the service's own KMS key; it stands for Hatoba's master key.
const ownKey = "alias/aws/ssm"

var nested = regexp.MustCompile(`\{\{.*\}\}`)

// checkPut checks what does not depend on the parameter as it is.
func checkPut(in *sdk.PutParameterInput) error {
	switch value := aws.ToString(in.Value); {
	case value == "":
		return constraint("", "value", "Member must have length greater than or equal to 1.")
	case nested.MatchString(value):
		return invalid(`Parameter value can't nest another parameter. Do not use "{{}}" in the value.`)
	}
	if in.Type != "" && !slices.Contains(in.Type.Values(), in.Type) {
		return constraint(string(in.Type), "type", "Member must satisfy enum value set: [SecureString, StringList, String]")
	}
	if in.Tier != "" && !slices.Contains(in.Tier.Values(), in.Tier) {
		return constraint(string(in.Tier), "tier", "Member must satisfy enum value set: [Standard, Advanced, Intelligent-Tiering]")
	}
	if len(aws.ToString(in.Description)) > 1024 {
		return constraint(*in.Description, "description", "Member must have length less than or equal to 1024")
	}
	if len(aws.ToString(in.AllowedPattern)) > 1024 {
		return constraint(*in.AllowedPattern, "allowedPattern", "Member must have length less than or equal to 1024")
	}
	if len(in.Tags) > 0 && aws.ToBool(in.Overwrite) {
		return invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	}
	switch p := aws.ToString(in.Policies); p {
	case "", "[]", "{}", "[{}]":
	default:
		return unsupported("Policies (parameter policies)")
	}
	switch d := aws.ToString(in.DataType); d {
	case "", "text":
	case "aws:ec2:image", "aws:ssm:integration":
		return unsupported("DataType " + d)
	default:
		return invalid("The following data type is not supported: %s (Data type names are all lowercase.)", d)
	}
	return nil
}

// decideDetails says what the new version is: what the request leaves open is
// as it was before.
func decideDetails(scope state.Scope, old *state.Parameter, in *sdk.PutParameterInput) (state.ParameterDetails, error) {
	var d state.ParameterDetails
	if old != nil {
		d = old.Latest
	}
	d.DataType = "text"
	switch {
	case old == nil && in.Type == "":
		return d, invalid("A parameter type is required when you create a parameter.")
	case old != nil && in.Type != "" && in.Type != d.Type:
		return d, &types.HierarchyTypeMismatchException{Message: aws.String("Parameter Store does not support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.")}
	case in.Type != "":
		d.Type = in.Type
	}
	if in.Description != nil {
		d.Description = *in.Description
	}
	if in.AllowedPattern != nil {
		d.AllowedPattern = *in.AllowedPattern
	}
	var err error
	if d.KeyID, err = decideKey(scope, d, in.KeyId); err != nil {
		return d, err
	}
	if d.Tier, err = decideTier(d.Tier, in.Tier, len(*in.Value)); err != nil {
		return d, err
	}
	return d, nil
}

func decideKey(scope state.Scope, d state.ParameterDetails, asked *string) (string, error) {
	switch key := aws.ToString(asked); {
	case key != "" && d.Type != types.ParameterTypeSecureString:
		return "", invalid("KeyId is required for SecureString type parameter only.")
	case d.Type != types.ParameterTypeSecureString:
		return "", nil
	case key == "", key == ownKey, key == scope.ARN("kms", ownKey):
		return ownKey, nil
	default:
		return key, nil
	}
}

// decideTier returns Standard or Advanced. had is "" for a new parameter.
func decideTier(had, asked types.ParameterTier, size int) (types.ParameterTier, error) {
	tier := asked
	switch {
	case asked == types.ParameterTierStandard && had == types.ParameterTierAdvanced:
		return "", invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.")
	case had == types.ParameterTierAdvanced:
		tier = had
	case asked == types.ParameterTierIntelligentTiering && size > maxStandard:
		tier = types.ParameterTierAdvanced
	case asked != types.ParameterTierAdvanced:
		tier = types.ParameterTierStandard
	}
	switch {
	case tier == types.ParameterTierStandard && size > maxStandard:
		return "", invalid("Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html")
	case size > maxAdvanced:
		return "", invalid("Advanced tier parameters support a maximum parameter value of 8192 characters.")
	}
	return tier, nil
}

// checkPattern tells whether the whole value matches; the error never shows
// the value.
func checkPattern(pattern, value string) error {
	if pattern == "" {
		return nil
	}
	re, err := expression.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		return &types.InvalidAllowedPatternException{Message: aws.String("The allowed pattern is not a regular expression of the RE2 syntax: " + pattern)}
	}
	if !re.MatchString(value) {
		return &types.ParameterPatternMismatchException{Message: aws.String("Parameter value, cannot be validated against allowedPattern: " + pattern)}
	}
	return nil
}
