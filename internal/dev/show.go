package dev

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
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
	text, err := json.MarshalIndent(tidy(reflect.ValueOf(def)), "", "  ")
	fmt.Fprintf(c.Out, "registers   %s\n", text)
	return err
}

// tidy writes the SDK's fields by the API's names, and leaves out what is not
// set. The keys of a map are the user's, and stay.
func tidy(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return tidy(v.Elem())
	case reflect.Struct:
		out := map[string]any{}
		for field, value := range v.Fields() {
			unset := value.IsZero() && slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map, reflect.String}, value.Kind())
			if field.IsExported() && !unset {
				out[strings.ToLower(field.Name[:1])+field.Name[1:]] = tidy(value)
			}
		}
		return out
	case reflect.Slice:
		out := []any{}
		for _, item := range v.Seq2() {
			out = append(out, tidy(item))
		}
		return out
	}
	return v.Interface()
}
