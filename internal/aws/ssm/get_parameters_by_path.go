package ssm

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

var validPath = regexp.MustCompile(`^/([a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*/?)?$`)

func (s *Service) getParametersByPath(ctx context.Context, caller wire.Caller, in *sdk.GetParametersByPathInput) (*sdk.GetParametersByPathOutput, error) {
	if err := checkPath(aws.ToString(in.Path)); err != nil {
		return nil, err
	}
	if err := checkFilters(in.ParameterFilters, true); err != nil {
		return nil, err
	}
	size, err := pageSize(in.MaxResults, 10)
	if err != nil {
		return nil, err
	}
	after, err := readToken("GetParametersByPath", in.NextToken)
	if err != nil {
		return nil, err
	}
	scope, decrypt := caller.Scope, aws.ToBool(in.WithDecryption)
	out := &sdk.GetParametersByPathOutput{Parameters: []types.Parameter{}}
	err = s.store.View(ctx, func(r store.Reader) error {
		for _, p := range store.Parameters.After(r, scope, pathPrefix(*in.Path), after) {
			if !inPath(p.Name, *in.Path, aws.ToBool(in.Recursive)) || !matches(p, in.ParameterFilters) {
				continue
			}
			if n := len(out.Parameters); n == size {
				out.NextToken = wire.NextPage("GetParametersByPath", *out.Parameters[n-1].Name)
				return nil
			}
			version, label := labelled(p, in.ParameterFilters)
			shown, err := s.read(s.ringOf(ctx, caller, ""), r, scope, p, version, label, decrypt)
			if err != nil {
				return err
			}
			out.Parameters = append(out.Parameters, *shown)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// labelled is the version that a Label filter picked; else the latest.
func labelled(p state.Parameter, filters []types.ParameterStringFilter) (version int64, label string) {
	for _, f := range filters {
		if aws.ToString(f.Key) != "Label" {
			continue
		}
		for _, label := range f.Values {
			if version, ok := p.Labels[label]; ok {
				return version, label
			}
		}
	}
	return p.Version, ""
}

func checkPath(path string) error {
	if !validPath.MatchString(path) {
		return invalid(`The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can't be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.`)
	}
	return nil
}

// pathPrefix is what store ids below a path begin with; a name without a slash
// is below "/".
func pathPrefix(path string) string {
	if path == "/" {
		return ""
	}
	return rooted(path) + "/"
}

// inPath tells whether a name is below a path: one level, or any if recursive.
func inPath(name, path string, recursive bool) bool {
	rest, below := strings.CutPrefix(rooted(name), strings.TrimSuffix(rooted(path), "/")+"/")
	return below && rest != "" && (recursive || !strings.Contains(rest, "/"))
}
