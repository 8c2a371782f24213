// Package lb is the data plane of load balancers: it accepts connections,
// chooses targets and carries bytes. It is fed its table by keyed changes and
// knows nothing of the store or of any API; docs/balancer.md is its tour.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/introduction.html
package lb
