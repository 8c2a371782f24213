// Package ec2 proves the types of internal/aws/ec2, which are its own, against
// the SDK's client. The SDK's package takes longer to build than all others
// together, so nothing else imports it.
package ec2

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/aws/ec2"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

// inProcess is the SDK's HTTP client that calls a handler.
type inProcess struct{ handler http.Handler }

func (p inProcess) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, r)
	res := rec.Result()
	res.Request = r
	return res, nil
}

func client(t interface{ Fatal(...any) }, svc wire.Service) *sdk.Client {
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{svc}, DefaultScope: state.Scope{Account: "000000000000", Region: "us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	return sdk.New(sdk.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://hatoba.test"), HTTPClient: inProcess{handler}, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("123456789012", "secret", ""),
	})
}

func service() wire.Service { return ec2.New(ec2.Config{Store: mem.New()}).Describe() }

// extra are members of ours that the SDK's type does not have; the handlers
// refuse them.
var extra = []string{
	"AuthorizeSecurityGroupEgressInput.GroupName", "RevokeSecurityGroupEgressInput.GroupName",
}

// TestShapes sends random values of every operation's input through the SDK's
// client, and random values of its output back: what arrives is what was sent.
func TestShapes(t *testing.T) {
	svc := service()
	for _, o := range svc.Operations {
		t.Run(o.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { roundTrip(t, svc, o) })
		})
	}
}

func roundTrip(t *rapid.T, svc wire.Service, o wire.Operation) {
	sent, answer := reflect.New(o.Input), reflect.New(o.Output)
	draw(t, sent.Elem(), 0)
	draw(t, answer.Elem(), 0)
	var received any
	svc.Operations = []wire.Operation{o.With(func(_ context.Context, _ wire.Caller, in any) (any, error) {
		received = in
		return answer.Interface(), nil
	})}
	method := reflect.ValueOf(client(t, svc)).MethodByName(o.Name)
	in := reflect.New(method.Type().In(1).Elem())
	carry(t, sent.Elem(), in.Elem())
	result := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	if err, _ := result[1].Interface().(error); err != nil {
		t.Fatalf("the client failed: %v", err)
	}
	same := cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b time.Time) bool { return a.Sub(b).Abs() <= time.Millisecond })}
	if diff := cmp.Diff(sent.Interface(), received, same); diff != "" {
		t.Fatalf("input (-sent +received):\n%s", diff)
	}
	want := reflect.New(result[0].Type().Elem())
	carry(t, answer.Elem(), want.Elem())
	back := reflect.New(o.Output)
	carry(t, result[0].Elem(), back.Elem())
	if diff := cmp.Diff(answer.Interface(), back.Interface(), same); diff != "" {
		t.Fatalf("output (-sent +received):\n%s", diff)
	}
}

// carry copies the members that both types have, by name; what the receiver
// must have and has not fails the test.
func carry(t *rapid.T, from, to reflect.Value) {
	switch {
	case from.Kind() == reflect.Pointer && to.Kind() == reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(to.Type().Elem()))
			carry(t, from.Elem(), to.Elem())
		}
	case from.Kind() == reflect.Pointer:
		if !from.IsNil() {
			carry(t, from.Elem(), to)
		}
	case to.Kind() == reflect.Pointer:
		if from.Kind() == reflect.String && from.Len() == 0 {
			return // "" is absent
		}
		to.Set(reflect.New(to.Type().Elem()))
		carry(t, from, to.Elem())
	case from.Type() == reflect.TypeFor[time.Time]():
		to.Set(from)
	case from.Kind() == reflect.Slice:
		if from.IsNil() {
			return
		}
		to.Set(reflect.MakeSlice(to.Type(), from.Len(), from.Len()))
		for i := range from.Len() {
			carry(t, from.Index(i), to.Index(i))
		}
	case from.Kind() == reflect.Struct:
		ours := from.Type()
		if strings.Contains(to.Type().PkgPath(), "internal/aws/ec2") {
			ours = to.Type()
		}
		for i := range ours.NumField() {
			name := ours.Field(i).Name
			a, b := from.FieldByName(name), to.FieldByName(name)
			if !a.IsValid() || !b.IsValid() {
				if !slices.Contains(extra, ours.Name()+"."+name) {
					t.Fatalf("the SDK's %s has no %s", ours.Name(), name)
				}
				continue
			}
			carry(t, a, b)
		}
	default:
		to.Set(from.Convert(to.Type()))
	}
}

var nasty = []string{"x", "a b", `"`, "</item>", "a&b=c;d+e%20", "\n\r\t", "日本語", "null", "a.1", "item"}

// draw fills a value; lists of an input are never empty, which a form cannot
// say.
func draw(t *rapid.T, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		draw(t, v.Elem(), depth)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "time")).UTC()))
			return
		}
		for i := range v.NumField() {
			if slices.Contains(extra, v.Type().Name()+"."+v.Type().Field(i).Name) {
				continue
			}
			draw(t, v.Field(i), depth)
		}
	case reflect.Slice:
		n := rapid.IntRange(1, 2).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			draw(t, v.Index(i), depth+1)
		}
	case reflect.String:
		v.SetString(rapid.SampledFrom(nasty).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int32:
		v.SetInt(int64(rapid.Int32().Draw(t, "int")))
	default:
		t.Fatalf("no generator for %s", v.Type())
	}
}

// What is not served is refused by name, as are parameters.
func TestRefusals(t *testing.T) {
	c := client(t, service())
	_, err := c.RunInstances(t.Context(), &sdk.RunInstancesInput{MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	wantCode(t, err, "UnsupportedOperationException", "RunInstances")
	_, err = c.CreateVpc(t.Context(), &sdk.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16"), Ipv6Pool: aws.String("x"), AmazonProvidedIpv6CidrBlock: aws.Bool(false)})
	wantCode(t, err, "UnknownParameter", "Ipv6Pool")
	_, err = c.CreateVpc(t.Context(), &sdk.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})
	wantCode(t, err, "UnknownParameter", "AmazonProvidedIpv6CidrBlock")
}

func wantCode(t *testing.T, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Errorf("got %v, want %s: …%s…", err, code, text)
	}
}
