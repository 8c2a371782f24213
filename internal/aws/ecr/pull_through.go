package ecr

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// rootPrefix stands for no prefix.
const rootPrefix = "ROOT"

var (
	rulePrefix   = regexp.MustCompile(`^(?:[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*/?|ROOT)$`)
	upstreamHost = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?$`)
)

// CreatePullThroughCacheRule makes repositories below a prefix caches of another
// registry. ECR knows certain upstreams; here any registry is one.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html
func (s *Service) CreatePullThroughCacheRule(ctx context.Context, caller wire.Caller, in *ecr.CreatePullThroughCacheRuleInput) (*ecr.CreatePullThroughCacheRuleOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now().UTC().Truncate(0)
	rule := state.PullThroughRule{
		Prefix: strings.TrimSuffix(aws.ToString(in.EcrRepositoryPrefix), "/"), Host: strings.TrimPrefix(aws.ToString(in.UpstreamRegistryUrl), "https://"),
		Kind: string(in.UpstreamRegistry), UpstreamPrefix: strings.TrimSuffix(aws.ToString(in.UpstreamRepositoryPrefix), "/"), CredentialARN: aws.ToString(in.CredentialArn),
		CreatedAt: now, UpdatedAt: now,
	}
	if rule.UpstreamPrefix == "" {
		rule.UpstreamPrefix = rootPrefix
	}
	if err := checkRule(rule, in); err != nil {
		return nil, err
	}
	err = s.cfg.Store.Update(ctx, func(w store.Writer) error {
		if _, ok := store.PullThroughRules.Get(w, scope.Key(rule.Prefix)); ok {
			return &types.PullThroughCacheRuleAlreadyExistsException{Message: aws.String(
				"A pull through cache rule with repository prefix '" + rule.Prefix + "' already exists in the registry with id '" + scope.Account + "'")}
		}
		return store.PullThroughRules.Put(w, scope.Key(rule.Prefix), rule)
	})
	if err != nil {
		return nil, err
	}
	return &ecr.CreatePullThroughCacheRuleOutput{
		CreatedAt: aws.Time(rule.CreatedAt), CredentialArn: in.CredentialArn, EcrRepositoryPrefix: aws.String(rule.Prefix), RegistryId: aws.String(scope.Account),
		UpstreamRegistry: in.UpstreamRegistry, UpstreamRegistryUrl: aws.String(rule.Host), UpstreamRepositoryPrefix: aws.String(rule.UpstreamPrefix),
	}, nil
}

func checkRule(rule state.PullThroughRule, in *ecr.CreatePullThroughCacheRuleInput) error {
	switch {
	case len(rule.Prefix) < 2 || len(rule.Prefix) > 30 || !rulePrefix.MatchString(rule.Prefix):
		return invalid("Invalid parameter at 'ecrRepositoryPrefix' failed to satisfy constraint: 'must satisfy regular expression '((?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*/?|ROOT)''")
	case !upstreamHost.MatchString(rule.Host):
		return &types.UnsupportedUpstreamRegistryException{Message: aws.String("The specified upstream registry URL '" + aws.ToString(in.UpstreamRegistryUrl) + "' is no registry's host name")}
	case rule.UpstreamPrefix != rootPrefix && !rulePrefix.MatchString(rule.UpstreamPrefix):
		return invalid("Invalid parameter at 'upstreamRepositoryPrefix': '%s' is no prefix of repository names", rule.UpstreamPrefix)
	case aws.ToString(in.CustomRoleArn) != "":
		return invalid("customRoleArn: Hatoba pulls from the ECR of another account with --ecr-upstream, not with a role")
	case rule.CredentialARN != "" && !strings.Contains(rule.CredentialARN, ":secret:ecr-pullthroughcache/"):
		return &types.SecretNotFoundException{Message: aws.String("The ARN of the secret specified in the pull through cache rule must name a secret whose name begins with 'ecr-pullthroughcache/'")}
	}
	return nil
}

// DescribePullThroughCacheRules describes the rules, or those of some prefixes.
func (s *Service) DescribePullThroughCacheRules(ctx context.Context, caller wire.Caller, in *ecr.DescribePullThroughCacheRulesInput) (*ecr.DescribePullThroughCacheRulesOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	size, err := pageSize(in.MaxResults)
	if err != nil {
		return nil, err
	}
	after, err := wire.ReadPageToken("ecr-pull-through", aws.ToString(in.NextToken))
	if err != nil {
		return nil, invalid("Invalid token.")
	}
	if len(in.EcrRepositoryPrefixes) > 0 && (in.MaxResults != nil || in.NextToken != nil) {
		return nil, invalid("Invalid parameter: ecrRepositoryPrefixes are not given together with maxResults or nextToken")
	}
	out := &ecr.DescribePullThroughCacheRulesOutput{PullThroughCacheRules: []types.PullThroughCacheRule{}}
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		found := map[string]bool{}
		last := ""
		for _, rule := range store.PullThroughRules.After(r, scope, "", after) {
			if len(in.EcrRepositoryPrefixes) > 0 && !slices.Contains(in.EcrRepositoryPrefixes, rule.Prefix) {
				continue
			}
			if len(in.EcrRepositoryPrefixes) == 0 && len(out.PullThroughCacheRules) == size {
				out.NextToken = aws.String(wire.PageToken("ecr-pull-through", last))
				break
			}
			last = rule.Prefix
			found[rule.Prefix] = true
			out.PullThroughCacheRules = append(out.PullThroughCacheRules, describeRule(scope, rule))
		}
		for _, p := range in.EcrRepositoryPrefixes {
			if !found[p] {
				return noRule(scope, p)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func describeRule(scope state.Scope, rule state.PullThroughRule) types.PullThroughCacheRule {
	out := types.PullThroughCacheRule{
		CreatedAt: aws.Time(rule.CreatedAt), UpdatedAt: aws.Time(rule.UpdatedAt), EcrRepositoryPrefix: aws.String(rule.Prefix), RegistryId: aws.String(scope.Account),
		UpstreamRegistry: types.UpstreamRegistry(rule.Kind), UpstreamRegistryUrl: aws.String(rule.Host), UpstreamRepositoryPrefix: aws.String(rule.UpstreamPrefix),
	}
	if rule.CredentialARN != "" {
		out.CredentialArn = aws.String(rule.CredentialARN)
	}
	return out
}

// DeletePullThroughCacheRule deletes a rule. What it cached stays.
func (s *Service) DeletePullThroughCacheRule(ctx context.Context, caller wire.Caller, in *ecr.DeletePullThroughCacheRuleInput) (*ecr.DeletePullThroughCacheRuleOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	var rule state.PullThroughRule
	err = s.cfg.Store.Update(ctx, func(w store.Writer) error {
		var ok bool
		key := scope.Key(strings.TrimSuffix(aws.ToString(in.EcrRepositoryPrefix), "/"))
		if rule, ok = store.PullThroughRules.Get(w, key); !ok {
			return noRule(scope, aws.ToString(in.EcrRepositoryPrefix))
		}
		store.PullThroughRules.Delete(w, key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	d := describeRule(scope, rule)
	return &ecr.DeletePullThroughCacheRuleOutput{
		CreatedAt: d.CreatedAt, CredentialArn: d.CredentialArn, EcrRepositoryPrefix: d.EcrRepositoryPrefix, RegistryId: d.RegistryId,
		UpstreamRegistryUrl: d.UpstreamRegistryUrl, UpstreamRepositoryPrefix: d.UpstreamRepositoryPrefix,
	}, nil
}

func noRule(scope state.Scope, prefix string) error {
	return &types.PullThroughCacheRuleNotFoundException{Message: aws.String(
		"No pull through cache rule with repository prefix '" + prefix + "' exists in the registry with id '" + scope.Account + "'")}
}

// Rule returns the rule that makes a repository a cache, the one with the
// longest prefix, and the repository's name at its upstream.
func (c Catalog) Rule(ctx context.Context, scope state.Scope, repository string) (rule state.PullThroughRule, upstream string, ok bool, err error) {
	err = c.Store.View(ctx, func(r store.Reader) error {
		for _, candidate := range store.PullThroughRules.List(r, scope, "") {
			rest, below := strings.CutPrefix(repository, candidate.Prefix+"/")
			if candidate.Prefix == rootPrefix {
				rest, below = repository, !ok
			}
			if !below || ok && rule.Prefix != rootPrefix && len(candidate.Prefix) < len(rule.Prefix) {
				continue
			}
			rule, upstream, ok = candidate, rest, true
		}
		return nil
	})
	if ok && rule.UpstreamPrefix != rootPrefix {
		upstream = rule.UpstreamPrefix + "/" + upstream
	}
	return rule, upstream, ok, err
}
