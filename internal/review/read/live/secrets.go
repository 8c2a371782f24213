package live

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

func (r *reader) secret(ctx context.Context, valueFrom string) review.Given[review.Secret] {
	ref := review.ParseSecretRef(valueFrom)
	switch ref.Store {
	case "secretsmanager":
		return r.stored(ctx, ref)
	case "ssm":
		return r.parameter(ctx, ref)
	}
	return review.Missing[review.Secret](review.Say("%s names neither a secret nor a parameter", "%s はシークレットでもパラメータでもない", valueFrom),
		review.Say("write the ARN of a secret or a parameter", "シークレットかパラメータの ARN を書いてください"))
}

// stored reads a secret of Secrets Manager.
func (r *reader) stored(ctx context.Context, ref review.SecretRef) review.Given[review.Secret] {
	client := secretsmanager.NewFromConfig(r.cfg, func(o *secretsmanager.Options) { o.Region = cmp.Or(ref.Region, o.Region) })
	out := review.Secret{ARN: ref.ID, Store: "secretsmanager"}
	described, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &ref.ID})
	switch {
	case is(err, "ResourceNotFoundException"):
		return review.Have(out)
	case err != nil:
		return refused[review.Secret](err, "secretsmanager:DescribeSecret")
	}
	out.Exists = described.DeletedDate == nil
	out.ARN, out.KMSKey, out.Rotates = aws.ToString(described.ARN), aws.ToString(described.KmsKeyId), aws.ToBool(described.RotationEnabled)
	out.Changed = versionTime(ctx, client, ref)
	if !r.opt.ReadSecretValues {
		out.Unread = review.Say("values of secrets are read only if you allow it", "シークレットの値は、許可されたときだけ読む")
		return review.Have(out)
	}
	in := &secretsmanager.GetSecretValueInput{SecretId: &ref.ID}
	if ref.Stage != "" {
		in.VersionStage = &ref.Stage
	}
	if ref.VersionID != "" {
		in.VersionId = &ref.VersionID
	}
	value, err := client.GetSecretValue(ctx, in)
	if err != nil {
		out.Unread, _ = reason(err, "secretsmanager:GetSecretValue")
		return review.Have(out)
	}
	r.shape(&out, aws.ToString(value.SecretString))
	return review.Have(out)
}

// versionTime is when the version that a new task would get was made; the zero
// time if nobody says. The secret's own date is no use: a new tag moves it.
func versionTime(ctx context.Context, client *secretsmanager.Client, ref review.SecretRef) (at time.Time) {
	stage := cmp.Or(ref.Stage, "AWSCURRENT")
	for pages := secretsmanager.NewListSecretVersionIdsPaginator(client, &secretsmanager.ListSecretVersionIdsInput{SecretId: &ref.ID}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return time.Time{}
		}
		for _, v := range page.Versions {
			if v.CreatedDate != nil && (ref.VersionID != "" && aws.ToString(v.VersionId) == ref.VersionID || ref.VersionID == "" && slices.Contains(v.VersionStages, stage)) {
				at = *v.CreatedDate
			}
		}
	}
	return at
}

// parameter reads a parameter of Parameter Store.
func (r *reader) parameter(ctx context.Context, ref review.SecretRef) review.Given[review.Secret] {
	client := ssm.NewFromConfig(r.cfg, func(o *ssm.Options) { o.Region = cmp.Or(ref.Region, o.Region) })
	out := review.Secret{ARN: ref.ID, Store: "ssm"}
	names := []string{ref.Name}
	if ref.ID != ref.Name { // an ARN does not tell name from /name
		names = []string{"/" + ref.Name}
		if !strings.Contains(ref.Name, "/") {
			names = append(names, ref.Name)
		}
	}
	for pages := ssm.NewDescribeParametersPaginator(client, &ssm.DescribeParametersInput{ParameterFilters: []ssmtypes.ParameterStringFilter{
		{Key: aws.String("Name"), Option: aws.String("Equals"), Values: names}}}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[review.Secret](err, "ssm:DescribeParameters")
		}
		for _, p := range page.Parameters {
			out.Exists, out.Type, out.KMSKey = true, string(p.Type), aws.ToString(p.KeyId)
			out.ARN, out.Changed = cmp.Or(aws.ToString(p.ARN), out.ARN), aws.ToTime(p.LastModifiedDate)
		}
	}
	switch {
	case !out.Exists && ref.Account != "" && r.live.Account != "" && ref.Account != r.live.Account:
		return review.Missing[review.Secret](review.Say("parameter %s is of another account, %s", "パラメータ %s は別のアカウント %s のもの", ref.Name, ref.Account),
			review.Say("look at it there", "そのアカウントで確認してください"))
	case !out.Exists:
	case !r.opt.ReadSecretValues:
		out.Unread = review.Say("values of secrets are read only if you allow it", "シークレットの値は、許可されたときだけ読む")
	default:
		value, err := client.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{ref.ID}, WithDecryption: aws.Bool(true)})
		if err != nil {
			out.Unread, _ = reason(err, "ssm:GetParameters")
			break
		}
		for _, p := range value.Parameters {
			r.shape(&out, aws.ToString(p.Value))
		}
	}
	return review.Have(out)
}

// public members stand beside a password and are no secrets.
var public = []string{"username", "user", "host", "hostname", "port", "engine", "dbname", "database", "dbinstanceidentifier",
	"dbclusteridentifier", "region", "masterarn", "email", "url", "endpoint", "schema", "name", "type"}

// minPrint is the shortest value whose second sight is no accident; of a
// member whose name is no secret's, longPrint is.
const minPrint, longPrint = 8, 20

// shape keeps what may be kept of a value.
func (r *reader) shape(s *review.Secret, value string) {
	s.Readable = true
	var members map[string]any
	if json.Unmarshal([]byte(value), &members) != nil || members == nil {
		r.print(s, value)
		return
	}
	s.JSON = true
	for name, v := range members {
		s.Keys = append(s.Keys, name)
		text, ok := v.(string)
		if ok && (secret.Name(name) || secret.Value(text) != secret.None || len(text) >= longPrint && !slices.Contains(public, strings.ToLower(name))) {
			r.print(s, text)
		}
	}
	slices.Sort(s.Keys)
	slices.Sort(s.Prints)
}

func (r *reader) print(s *review.Secret, value string) {
	if value = strings.TrimSpace(value); len(value) >= minPrint && r.opt.Print != nil {
		r.mu.Lock() // Print need not be fit for several callers at once
		defer r.mu.Unlock()
		s.Prints = append(s.Prints, r.opt.Print(value))
	}
}
