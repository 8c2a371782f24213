// Package forward sends requests for services that are not served here
// elsewhere: to a URL, as they are, or to AWS, signed with the credentials of
// this host.
package forward

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// Rule is where the requests of one service go.
type Rule struct {
	Service string   // as in the credential scope: "sqs"
	URL     *url.URL // nil: AWS
}

var serviceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Parse reads rules of the form SERVICE=URL or SERVICE=aws. A service that is
// served here is refused: its requests never leave.
func Parse(list []string, served func(service string) bool) (map[string]Rule, error) {
	out := map[string]Rule{}
	for _, text := range list {
		service, to, ok := strings.Cut(strings.TrimSpace(text), "=")
		if !ok || !serviceName.MatchString(service) {
			return nil, fmt.Errorf("%q is not SERVICE=URL or SERVICE=aws, such as sqs=http://localhost:9324", text)
		}
		if served(service) {
			return nil, fmt.Errorf("%s is served here; only requests for other services can be sent elsewhere", service)
		}
		if _, twice := out[service]; twice {
			return nil, fmt.Errorf("%s is there twice", service)
		}
		rule := Rule{Service: service}
		if to != "aws" {
			u, err := url.Parse(to)
			if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
				return nil, fmt.Errorf("%q of %s is neither aws nor an http or https URL", to, service)
			}
			rule.URL = u
		} else if unreachable[service] {
			return nil, fmt.Errorf("%s has an address of its own for every resource, so its requests cannot be sent to AWS by their service", service)
		}
		out[service] = rule
	}
	return out, nil
}

// unreachable are services whose address a request does not tell.
var unreachable = map[string]bool{"execute-api": true, "appsync": true, "iotdata": true, "es": true, "aoss": true, "rds-db": true}

// targets are the services behind X-Amz-Target prefixes, for requests that are
// not signed.
var targets = map[string]string{
	"AmazonSQS": "sqs", "DynamoDB": "dynamodb", "DynamoDBStreams": "dynamodb", "AWSEvents": "events", "Kinesis": "kinesis", "Firehose": "firehose",
	"AWSStepFunctions": "states", "TrentService": "kms", "GraniteServiceVersion20100801": "monitoring", "AnyScaleFrontendService": "application-autoscaling",
	"Route53AutoNaming": "servicediscovery", "CodeDeploy": "codedeploy", "AWSCognitoIdentityProviderService": "cognito-idp",
}

var dated = regexp.MustCompile(`_\d{8}$`)

// serviceOf tells which service a request is for: by its credential scope,
// else its target, else the host it names.
func serviceOf(r *http.Request) string {
	if c, err := sigv4.ReadCredential(r); err == nil && c.Service != "" {
		return c.Service
	}
	if prefix, _, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return targets[dated.ReplaceAllString(prefix, "")]
	}
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	if rest, ok := strings.CutSuffix(host, ".amazonaws.com"); ok {
		service, _, _ := strings.Cut(rest, ".")
		return service
	}
	return ""
}

// prefixes are the names of hosts that are not those of their service.
var prefixes = map[string]string{"ses": "email"}

// global are the services with one address for all regions.
var global = map[string]bool{"route53": true, "cloudfront": true, "organizations": true, "budgets": true, "waf": true, "globalaccelerator": true}

// address is where AWS serves a service in a region.
// Source: https://docs.aws.amazon.com/general/latest/gr/rande.html
func address(service, region string) string {
	name := service
	if other, ok := prefixes[service]; ok {
		name = other
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain += ".cn"
	}
	if global[service] {
		return name + "." + domain
	}
	return name + "." + region + "." + domain
}
