package sched

import (
	"cmp"
	"slices"
)

// Share is one item of a capacity provider strategy.
type Share struct {
	Provider string
	Base     int
	Weight   int
}

// Split divides total tasks over the providers: the base first, the rest by
// weight, by largest remainder (equals in the order given). The counts add up
// to total, unless every weight is 0; then what no base takes is left over.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
func Split(strategy []Share, total int) []int {
	counts := make([]int, len(strategy))
	weights := 0
	for i, s := range strategy {
		counts[i] = min(s.Base, total)
		total -= counts[i]
		weights += s.Weight
	}
	if weights == 0 || total == 0 {
		return counts
	}
	order := make([]int, len(strategy))
	left := total
	for i, s := range strategy {
		order[i] = i
		n := total * s.Weight / weights
		counts[i] += n
		left -= n
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(total*strategy[b].Weight%weights, total*strategy[a].Weight%weights)
	})
	for _, i := range order[:left] {
		counts[i]++
	}
	return counts
}
