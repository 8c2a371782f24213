package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// inside does on request what a program in a task does: with the SDK as it
// comes, without a line of set-up.
func inside(port string) {
	mux := http.NewServeMux()
	text := func(path string, do func(ctx context.Context, arg string) (string, error)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			out, err := do(r.Context(), r.URL.Query().Get("of"))
			if err != nil {
				out = "ERROR " + err.Error()
			}
			fmt.Fprint(w, out)
		})
	}
	text("/env", func(_ context.Context, name string) (string, error) { return os.Getenv(name), nil })
	text("/get", func(ctx context.Context, url string) (string, error) { return fetch(ctx, http.MethodGet, url, "") })
	text("/protect", func(ctx context.Context, body string) (string, error) {
		return fetch(ctx, http.MethodPut, os.Getenv("ECS_AGENT_URI")+"/task-protection/v1/state", body)
	})
	text("/who", func(ctx context.Context, _ string) (string, error) {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return "", err
		}
		out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.Arn), nil
	})
	text("/secret", func(ctx context.Context, id string) (string, error) {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return "", err
		}
		out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.SecretString), nil
	})
	text("/parameter", func(ctx context.Context, name string) (string, error) {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return "", err
		}
		out, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.Parameter.Value), nil
	})
	text("/run", func(ctx context.Context, family string) (string, error) {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return "", err
		}
		_, err = ecs.NewFromConfig(cfg).RunTask(ctx, &ecs.RunTaskInput{TaskDefinition: &family})
		return "ran", err
	})
	go func() { check(http.ListenAndServe(":"+port, mux)) }()
	wait(0)
}

func fetch(ctx context.Context, method, url, body string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	return fmt.Sprint(answer.StatusCode, " ", strings.TrimSpace(string(b))), err
}
