package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/sched"
)

// The capacity providers that exist. On one's own machines they are the same;
// which one a task came by is recorded and described.
const (
	fargate     = "FARGATE"
	fargateSpot = "FARGATE_SPOT"
)

const maxStrategy = 20

// checkProviders checks a cluster's capacity providers and default strategy.
func checkProviders(providers []string, strategy []types.CapacityProviderStrategyItem) error {
	for _, p := range providers {
		if p != fargate && p != fargateSpot {
			return invalid("The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", p)
		}
	}
	if len(strategy) == 0 {
		return nil
	}
	return checkStrategy(strategy, providers)
}

// checkStrategy checks a strategy over the providers of a cluster.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
func checkStrategy(strategy []types.CapacityProviderStrategyItem, providers []string) error {
	if len(strategy) > maxStrategy {
		return invalid("A capacity provider strategy can contain at most %d capacity providers.", maxStrategy)
	}
	bases, weights := 0, int32(0)
	seen := map[string]bool{}
	for _, item := range strategy {
		name := aws.ToString(item.CapacityProvider)
		switch {
		case !slices.Contains(providers, name):
			return invalid("The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster: '%s'. Associate the capacity provider with the cluster and try again.", name)
		case seen[name]:
			return invalid("The capacity provider '%s' is in the strategy more than once.", name)
		case item.Weight < 0 || item.Weight > 1000:
			return invalid("The weight of a capacity provider should be between 0 and 1000.")
		case item.Base < 0 || item.Base > 100000:
			return invalid("The base of a capacity provider should be between 0 and 100000.")
		}
		seen[name] = true
		weights += item.Weight
		if item.Base > 0 {
			bases++
		}
	}
	switch {
	case bases > 1:
		return invalid("Only one capacity provider in a strategy can have a base defined.")
	case weights == 0:
		return invalid("At least one capacity provider in a strategy must have a weight greater than 0.")
	}
	return nil
}

// assign tells each of count tasks its provider.
func assign(strategy []types.CapacityProviderStrategyItem, count int) []string {
	shares := make([]sched.Share, len(strategy))
	for i, item := range strategy {
		shares[i] = sched.Share{Provider: aws.ToString(item.CapacityProvider), Base: int(item.Base), Weight: int(item.Weight)}
	}
	var out []string
	for i, n := range sched.Split(shares, count) {
		for range n {
			out = append(out, shares[i].Provider)
		}
	}
	return out
}
