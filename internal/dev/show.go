package dev

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Show prints what a loop would build and register, and asks nobody.
func Show(ctx context.Context, c Config) error {
	p, err := Load(ctx, c.Dir, c.Flags, c.Env, c.Ask)
	if err != nil {
		return err
	}
	target, err := p.Target()
	if err != nil {
		return err
	}
	src, err := p.find(ctx, target)
	if err != nil {
		return err
	}
	def, err := c.override(p, aws.ToString(target.Name), fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s:dev", c.Account, c.Region, Repository(aws.ToString(target.Image))))
	if err != nil {
		return err
	}
	for _, note := range append(p.Notes, src.note) {
		if note != "" {
			fmt.Fprintln(c.Out, "note:", note)
		}
	}
	fmt.Fprintf(c.Out, "builds      %s: %s\n", aws.ToString(target.Name), src)
	if p.Service != nil {
		fmt.Fprintf(c.Out, "deploys     service %s\n", aws.ToString(p.Service.ServiceName))
	} else {
		fmt.Fprintf(c.Out, "deploys     a task\n")
	}
	text, err := json.Marshal(def)
	if err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	text, err = json.MarshalIndent(tidy(fields), "", "  ")
	fmt.Fprintf(c.Out, "registers   %s\n", text)
	return err
}

// tidy writes the SDK's fields by the API's names, and leaves out what is not
// set.
func tidy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			if value = tidy(value); value != nil && value != "" {
				out[strings.ToLower(name[:1])+name[1:]] = value
			}
		}
		return out
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			v[i] = tidy(v[i])
		}
	}
	return v
}
