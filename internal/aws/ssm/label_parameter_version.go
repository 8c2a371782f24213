package ssm

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxLabels is how many labels a version may have.
// Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html
const maxLabels = 10

var validLabel = regexp.MustCompile(`^[a-zA-Z_.-][a-zA-Z0-9_.-]*$`)

func (s *Service) labelParameterVersion(ctx context.Context, caller wire.Caller, in *sdk.LabelParameterVersionInput) (*sdk.LabelParameterVersionOutput, error) {
	if err := checkLabels(in.Labels); err != nil {
		return nil, err
	}
	var good, bad []string
	for _, label := range in.Labels {
		low := strings.ToLower(label)
		if !validLabel.MatchString(label) || strings.HasPrefix(low, "aws") || strings.HasPrefix(low, "ssm") {
			bad = append(bad, label)
		} else {
			good = append(good, label)
		}
	}
	version := aws.ToInt64(in.ParameterVersion)
	_, err := s.change(ctx, caller.Scope, in.Name, func(p *state.Parameter) error {
		if in.ParameterVersion == nil {
			version = p.Version
		}
		if version < p.Oldest || version > p.Version {
			return versionNotFound(p.Name, strconv.FormatInt(version, 10))
		}
		labels := maps.Clone(p.Labels)
		if labels == nil {
			labels = map[string]int64{}
		}
		for _, label := range good {
			labels[label] = version
		}
		p.Labels = labels
		if len(labelsOf(*p, version)) > maxLabels {
			return &types.ParameterVersionLabelLimitExceeded{Message: aws.String("A parameter version can have maximum 10 labels. Move one or more labels to another version and try again.")}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sdk.LabelParameterVersionOutput{InvalidLabels: append([]string{}, bad...), ParameterVersion: version}, nil
}

func (s *Service) unlabelParameterVersion(ctx context.Context, caller wire.Caller, in *sdk.UnlabelParameterVersionInput) (*sdk.UnlabelParameterVersionOutput, error) {
	if err := checkLabels(in.Labels); err != nil {
		return nil, err
	}
	if in.ParameterVersion == nil {
		return nil, constraint("null", "parameterVersion", "Member must not be null")
	}
	out := &sdk.UnlabelParameterVersionOutput{}
	version := *in.ParameterVersion
	_, err := s.change(ctx, caller.Scope, in.Name, func(p *state.Parameter) error {
		out.RemovedLabels, out.InvalidLabels = []string{}, []string{}
		if version < p.Oldest || version > p.Version {
			return versionNotFound(p.Name, strconv.FormatInt(version, 10))
		}
		labels := maps.Clone(p.Labels)
		for _, label := range in.Labels {
			if labels[label] != version {
				out.InvalidLabels = append(out.InvalidLabels, label)
				continue
			}
			delete(labels, label)
			out.RemovedLabels = append(out.RemovedLabels, label)
		}
		p.Labels = labels
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// change finds a parameter by its name, lets fn edit a copy and stores it. fn
// may run twice.
func (s *Service) change(ctx context.Context, scope state.Scope, name *string, fn func(*state.Parameter) error) (out state.Parameter, err error) {
	err = s.store.Update(ctx, func(w store.Writer) error {
		p, err := findExact(w, scope, name)
		if err != nil {
			return err
		}
		if err := fn(&p); err != nil {
			return err
		}
		out = p
		return store.Parameters.Put(w, scope.Key(p.Name), p)
	})
	return out, err
}

func checkLabels(labels []string) error {
	switch {
	case len(labels) == 0:
		return constraint("[]", "labels", "Member must have length greater than or equal to 1")
	case len(labels) > maxLabels:
		return constraint("["+strings.Join(labels, ", ")+"]", "labels", "Member must have length less than or equal to 10")
	}
	for _, label := range labels {
		if label == "" || len(label) > 100 {
			return constraint("["+label+"]", "labels", "Member must satisfy constraint: [Member must have length less than or equal to 100, Member must have length greater than or equal to 1]")
		}
	}
	return nil
}

// labelsOf returns a version's labels, sorted.
func labelsOf(p state.Parameter, version int64) []string {
	out := []string{}
	for label, v := range p.Labels {
		if v == version {
			out = append(out, label)
		}
	}
	slices.Sort(out)
	return out
}
