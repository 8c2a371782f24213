package wire

// The names of each served service on the wire, with every exception to its
// default rule. The property test drives every shape of every operation of
// the SDK against these tables.

// ECSNaming is Amazon ECS's.
var ECSNaming = Naming{LowerFirst: true}

// ECRNaming is Amazon ECR's.
var ECRNaming = Naming{LowerFirst: true, Except: map[string]string{
	"Tag.Key":   "Key",
	"Tag.Value": "Value",
}}

// LogsNaming is CloudWatch Logs'.
var LogsNaming = Naming{LowerFirst: true, Except: map[string]string{
	"DescribeDestinationsInput.DestinationNamePrefix": "DestinationNamePrefix",
}}

// SecretsManagerNaming is Secrets Manager's.
var SecretsManagerNaming = Naming{}

// SSMNaming is Systems Manager's.
var SSMNaming = Naming{Except: map[string]string{
	"AssociationFilter.Key":              "key",
	"AssociationFilter.Value":            "value",
	"CommandFilter.Key":                  "key",
	"CommandFilter.Value":                "value",
	"DocumentFilter.Key":                 "key",
	"DocumentFilter.Value":               "value",
	"SessionFilter.Key":                  "key",
	"SessionFilter.Value":                "value",
	"InstanceInformationFilter.Key":      "key",
	"InstanceInformationFilter.ValueSet": "valueSet",
	"InstancePropertyFilter.Key":         "key",
	"InstancePropertyFilter.ValueSet":    "valueSet",
}}

// CloudWatchNaming is CloudWatch's.
var CloudWatchNaming = Naming{Except: map[string]string{
	"DashboardInvalidInputError.DashboardValidationMessages": "dashboardValidationMessages",
}}

// STSNaming is the Security Token Service's.
var STSNaming = Naming{Except: map[string]string{"PolicyDescriptorType.Arn": "arn"}}

// IAMNaming is Identity and Access Management's.
var IAMNaming = Naming{}

// ELBv2Naming is Elastic Load Balancing's.
var ELBv2Naming = Naming{}

// SNSNaming is Simple Notification Service's.
var SNSNaming = Naming{Except: map[string]string{
	"CheckIfPhoneNumberIsOptedOutInput.PhoneNumber": "phoneNumber",
	"CheckIfPhoneNumberIsOptedOutOutput.IsOptedOut": "isOptedOut",
	"GetSMSAttributesInput.Attributes":              "attributes",
	"GetSMSAttributesOutput.Attributes":             "attributes",
	"ListPhoneNumbersOptedOutInput.NextToken":       "nextToken",
	"ListPhoneNumbersOptedOutOutput.NextToken":      "nextToken",
	"ListPhoneNumbersOptedOutOutput.PhoneNumbers":   "phoneNumbers",
	"OptInPhoneNumberInput.PhoneNumber":             "phoneNumber",
	"SetSMSAttributesInput.Attributes":              "attributes",
}}

// AutoScalingNaming is Application Auto Scaling's.
var AutoScalingNaming = Naming{}

// ACMNaming is Certificate Manager's.
var ACMNaming = Naming{Except: map[string]string{
	"Filters.ExportOption":     "exportOption",
	"Filters.ExtendedKeyUsage": "extendedKeyUsage",
	"Filters.KeyTypes":         "keyTypes",
	"Filters.KeyUsage":         "keyUsage",
	"Filters.ManagedBy":        "managedBy",

	"ThrottlingException.ThrottlingReasons": "throttlingReasons",
	"ThrottlingReason.Reason":               "reason",
	"ThrottlingReason.Resource":             "resource",
}}

// EventsNaming is EventBridge's.
var EventsNaming = Naming{Except: map[string]string{
	"CapacityProviderStrategyItem.CapacityProvider": "capacityProvider",
	"CapacityProviderStrategyItem.Weight":           "weight",
	"CapacityProviderStrategyItem.Base":             "base",
	"NetworkConfiguration.AwsvpcConfiguration":      "awsvpcConfiguration",
	"PlacementConstraint.Type":                      "type",
	"PlacementConstraint.Expression":                "expression",
	"PlacementStrategy.Type":                        "type",
	"PlacementStrategy.Field":                       "field",
}}
