package alarm

import "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

// crosses tells whether a value breaches a threshold.
func crosses(value float64, how types.ComparisonOperator, threshold float64) bool {
	switch how {
	case types.ComparisonOperatorGreaterThanOrEqualToThreshold:
		return value >= threshold
	case types.ComparisonOperatorGreaterThanThreshold:
		return value > threshold
	case types.ComparisonOperatorLessThanThreshold:
		return value < threshold
	case types.ComparisonOperatorLessThanOrEqualToThreshold:
		return value <= threshold
	}
	return false
}

// compared is an operator in words.
func compared(how types.ComparisonOperator) string {
	switch how {
	case types.ComparisonOperatorGreaterThanOrEqualToThreshold:
		return "greater than or equal to"
	case types.ComparisonOperatorLessThanThreshold:
		return "less than"
	case types.ComparisonOperatorLessThanOrEqualToThreshold:
		return "less than or equal to"
	}
	return "greater than"
}

// Compares tells whether an operator is one of those with a fixed threshold.
func Compares(how types.ComparisonOperator) bool {
	switch how {
	case types.ComparisonOperatorGreaterThanOrEqualToThreshold, types.ComparisonOperatorGreaterThanThreshold,
		types.ComparisonOperatorLessThanThreshold, types.ComparisonOperatorLessThanOrEqualToThreshold:
		return true
	}
	return false
}
