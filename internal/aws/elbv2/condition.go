package elbv2

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/expression"
)

// The fields that conditions look at.
const (
	fieldHost   = "host-header"
	fieldPath   = "path-pattern"
	fieldHeader = "http-header"
	fieldMethod = "http-request-method"
	fieldQuery  = "query-string"
	fieldSource = "source-ip"
)

var (
	hostValue   = regexp.MustCompile(`^[A-Za-z0-9.*?:_-]{1,128}$`)
	pathValue   = regexp.MustCompile(`^[A-Za-z0-9_.$/~"'@:+&*?;=%,!()#\[\]\\-]{1,128}$`)
	methodValue = regexp.MustCompile(`^[A-Z_-]{1,40}$`)
)

// values are what a condition compares with: v and, in its own place, regexes.
type values struct {
	plain, regexes []string
}

// checkConditions checks a rule's conditions and returns them as they are
// described: those of host and path with both ways of naming values.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
func checkConditions(conditions []types.RuleCondition) ([]types.RuleCondition, error) {
	if len(conditions) == 0 {
		return nil, invalid("A condition must be specified")
	}
	if len(conditions) > maxConditionsOfRule {
		return nil, invalid("A rule can have at most %d conditions", maxConditionsOfRule)
	}
	var out []types.RuleCondition
	seen, total, wildcards := map[string]bool{}, 0, 0
	for _, c := range conditions {
		field := aws.ToString(c.Field)
		if seen[field] && field != fieldHeader && field != fieldQuery {
			return nil, invalid("A rule can only have one '%s' condition", field)
		}
		seen[field] = true
		c, v, err := checkCondition(c)
		if err != nil {
			return nil, err
		}
		if len(v.plain) > 0 && len(v.regexes) > 0 {
			return nil, invalid("Values and regular expressions cannot be specified together in a condition")
		}
		if len(v.plain)+len(v.regexes) == 0 {
			return nil, invalid("A condition value must be specified")
		}
		for _, text := range v.plain {
			if total++; field != fieldSource && field != fieldMethod {
				wildcards += strings.Count(text, "*") + strings.Count(text, "?")
			}
		}
		for _, text := range v.regexes {
			total++
			if err := checkRegex(text, maxConditionValueLength); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	switch {
	case total > maxValuesOfCondition:
		return nil, invalid("A rule can have at most %d condition values", maxValuesOfCondition)
	case wildcards > maxWildcardsOfRule:
		return nil, invalid("A rule can have at most %d wildcard characters", maxWildcardsOfRule)
	}
	return out, nil
}

// checkRegex refuses expressions that Go's package cannot read, by saying so.
func checkRegex(text string, longest int) error {
	if text == "" || len(text) > longest {
		return invalid("A regular expression must have 1 to %d characters", longest)
	}
	if _, err := expression.Compile(text); err != nil {
		return invalid("The regular expression '%s' is not valid: %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return nil
}

// checkCondition checks one; the configuration of another field is refused.
func checkCondition(c types.RuleCondition) (types.RuleCondition, values, error) {
	field := aws.ToString(c.Field)
	for _, own := range []struct {
		field string
		given bool
	}{
		{fieldHost, c.HostHeaderConfig != nil}, {fieldPath, c.PathPatternConfig != nil}, {fieldHeader, c.HttpHeaderConfig != nil},
		{fieldMethod, c.HttpRequestMethodConfig != nil}, {fieldQuery, c.QueryStringConfig != nil}, {fieldSource, c.SourceIpConfig != nil},
	} {
		switch {
		case own.given && own.field != field:
			return c, values{}, invalid("The configuration of '%s' cannot be specified for a condition with field '%s'", own.field, field)
		case own.given && len(c.Values)+len(c.RegexValues) > 0:
			return c, values{}, invalid("Values of a condition can be specified in one place only")
		}
	}
	switch field {
	case fieldHost, fieldPath:
		return checkPattern(c)
	case fieldHeader:
		return checkHeader(c)
	case fieldMethod:
		return checkMethod(c)
	case fieldQuery:
		return checkQuery(c)
	case fieldSource:
		return checkSource(c)
	}
	return c, values{}, invalid("Condition field '%s' must be one of '[path-pattern, host-header, http-header, http-request-method, query-string, source-ip]'", field)
}

func checkPattern(c types.RuleCondition) (types.RuleCondition, values, error) {
	field := *c.Field
	v := values{c.Values, c.RegexValues}
	form := hostValue
	if field == fieldPath {
		form = pathValue
	}
	if h := c.HostHeaderConfig; h != nil {
		v = values{h.Values, h.RegexValues}
	}
	if p := c.PathPatternConfig; p != nil {
		v = values{p.Values, p.RegexValues}
	}
	for _, text := range v.plain {
		if !form.MatchString(text) {
			return c, v, invalid("The %s condition value '%s' is not valid", field, text)
		}
	}
	c.Values, c.RegexValues = v.plain, v.regexes
	if field == fieldHost {
		c.HostHeaderConfig = &types.HostHeaderConditionConfig{Values: v.plain, RegexValues: v.regexes}
	} else {
		c.PathPatternConfig = &types.PathPatternConditionConfig{Values: v.plain, RegexValues: v.regexes}
	}
	return c, v, nil
}

func checkHeader(c types.RuleCondition) (types.RuleCondition, values, error) {
	h := c.HttpHeaderConfig
	if h == nil || len(c.Values)+len(c.RegexValues) > 0 {
		return c, values{}, invalid("HttpHeaderConfig must be specified for a condition with field '%s'", fieldHeader)
	}
	name := aws.ToString(h.HttpHeaderName)
	switch {
	case !headerName.MatchString(name):
		return c, values{}, invalid("The HTTP header name '%s' is not valid", name)
	case strings.EqualFold(name, "host"):
		return c, values{}, invalid("The HTTP header 'Host' cannot be used in a condition with field '%s'; use '%s'", fieldHeader, fieldHost)
	}
	for _, text := range h.Values {
		if text == "" || len(text) > maxConditionValueLength {
			return c, values{}, invalid("The http-header condition value '%s' must have 1 to %d characters", text, maxConditionValueLength)
		}
	}
	return c, values{h.Values, h.RegexValues}, nil
}

func checkMethod(c types.RuleCondition) (types.RuleCondition, values, error) {
	m := c.HttpRequestMethodConfig
	if m == nil || len(c.Values)+len(c.RegexValues) > 0 {
		return c, values{}, invalid("HttpRequestMethodConfig must be specified for a condition with field '%s'", fieldMethod)
	}
	for _, text := range m.Values {
		if !methodValue.MatchString(text) {
			return c, values{}, invalid("The http-request-method condition value '%s' must have 1 to 40 of the characters A-Z, - and _", text)
		}
	}
	return c, values{plain: m.Values}, nil
}

func checkQuery(c types.RuleCondition) (types.RuleCondition, values, error) {
	q := c.QueryStringConfig
	if q == nil || len(c.Values)+len(c.RegexValues) > 0 {
		return c, values{}, invalid("QueryStringConfig must be specified for a condition with field '%s'", fieldQuery)
	}
	var v values
	for _, p := range q.Values {
		key, value := aws.ToString(p.Key), aws.ToString(p.Value)
		if value == "" || len(value) > maxConditionValueLength || len(key) > maxConditionValueLength {
			return c, v, invalid("A query-string condition value must have 1 to %d characters, and a key at most as many", maxConditionValueLength)
		}
		v.plain = append(v.plain, key+value)
	}
	return c, v, nil
}

func checkSource(c types.RuleCondition) (types.RuleCondition, values, error) {
	s := c.SourceIpConfig
	if s == nil || len(c.Values)+len(c.RegexValues) > 0 {
		return c, values{}, invalid("SourceIpConfig must be specified for a condition with field '%s'", fieldSource)
	}
	if s.IpAddressType != "" {
		return c, values{}, unsupported("Conditions on the IP address type are not supported here")
	}
	for _, text := range s.Values {
		if p, err := netip.ParsePrefix(text); err != nil {
			return c, values{}, invalid("The source-ip condition value '%s' must be a CIDR block", text)
		} else if p != p.Masked() {
			return c, values{}, invalid("The source-ip condition value '%s' has bits set behind its prefix", text)
		}
	}
	return c, values{plain: s.Values}, nil
}

// checkTransforms checks what a rule makes of a request before it is sent on.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html
func checkTransforms(list []types.RuleTransform) error {
	var seen []types.TransformTypeEnum
	for _, t := range list {
		if slices.Contains(seen, t.Type) {
			return invalid("A rule can have at most one transform of type '%s'", t.Type)
		}
		seen = append(seen, t.Type)
		var rewrites []types.RewriteConfig
		switch {
		case t.Type == types.TransformTypeEnumHostHeaderRewrite && t.HostHeaderRewriteConfig != nil && t.UrlRewriteConfig == nil:
			rewrites = t.HostHeaderRewriteConfig.Rewrites
		case t.Type == types.TransformTypeEnumUrlRewrite && t.UrlRewriteConfig != nil && t.HostHeaderRewriteConfig == nil:
			rewrites = t.UrlRewriteConfig.Rewrites
		default:
			return invalid("A transform must have the configuration of its type '%s', and no other", t.Type)
		}
		if len(rewrites) != 1 {
			return invalid("A transform must have exactly one rewrite")
		}
		if err := checkRegex(aws.ToString(rewrites[0].Regex), 1024); err != nil {
			return err
		}
		if rewrites[0].Replace == nil || len(*rewrites[0].Replace) > 1024 {
			return invalid("The replacement of a rewrite must be specified, with at most 1024 characters")
		}
	}
	return nil
}
