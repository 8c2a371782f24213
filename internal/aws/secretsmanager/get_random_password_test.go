package secretsmanager

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/wire"
)

func TestGetRandomPassword(t *testing.T) {
	s := New(Config{})
	rapid.Check(t, func(t *rapid.T) {
		flag := func(name string) *bool { return aws.Bool(rapid.Bool().Draw(t, name)) }
		in := &sdk.GetRandomPasswordInput{
			PasswordLength: aws.Int64(rapid.Int64Range(1, 100).Draw(t, "length")), ExcludeLowercase: flag("lower"), ExcludeUppercase: flag("upper"),
			ExcludeNumbers: flag("numbers"), ExcludePunctuation: flag("punctuation"), IncludeSpace: flag("space"), RequireEachIncludedType: flag("each"),
			ExcludeCharacters: aws.String(rapid.StringOfN(rapid.SampledFrom([]rune(lowercase+numbers+punctuation)), 0, 12, -1).Draw(t, "exclude")),
		}
		kinds, all := alphabet(in)
		out, err := s.getRandomPassword(t.Context(), wire.Caller{}, in)
		if err != nil {
			if all != "" && (!*in.RequireEachIncludedType || int(*in.PasswordLength) >= len(kinds)) {
				t.Fatal(err)
			}
			return
		}
		password := *out.RandomPassword
		if len(password) != int(*in.PasswordLength) || strings.Trim(password, all) != "" {
			t.Fatalf("%q of %q", password, all)
		}
		for _, kind := range kinds {
			if *in.RequireEachIncludedType && !strings.ContainsAny(password, kind) {
				t.Fatalf("%q has none of %q", password, kind)
			}
		}
	})
}

func TestGetRandomPasswordLimits(t *testing.T) {
	f := newFront(t)
	out, err := f.GetRandomPassword(t.Context(), &sdk.GetRandomPasswordInput{})
	if err != nil || len(*out.RandomPassword) != 32 {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   sdk.GetRandomPasswordInput
		want string
	}{
		{sdk.GetRandomPasswordInput{PasswordLength: aws.Int64(3)}, "InvalidParameterException: Password length is too short based on the required types."},
		{sdk.GetRandomPasswordInput{PasswordLength: aws.Int64(4097)}, "ValidationException: 1 validation error detected: Value '4097' at 'passwordLength' failed to satisfy constraint: Member must have value less than or equal to 4096"},
		{sdk.GetRandomPasswordInput{PasswordLength: aws.Int64(0)}, "ValidationException: 1 validation error detected: Value '0' at 'passwordLength' failed to satisfy constraint: Member must have value greater than or equal to 1"},
	} {
		_, err := f.GetRandomPassword(t.Context(), &c.in)
		wantFailure(t, err, c.want)
	}
}

// Every number is as likely: the uneven end of the range is drawn again.
func TestDraw(t *testing.T) {
	counts := make([]int, 5)
	for range 20000 {
		n, err := draw(rand.Reader, len(counts))
		if err != nil {
			t.Fatal(err)
		}
		counts[n]++
	}
	for _, n := range counts {
		if n < 3500 || n > 4500 {
			t.Fatal(counts)
		}
	}
	// 2³² mod 5 is 1: only the largest number is uneven.
	n, err := draw(bytes.NewReader([]byte{255, 255, 255, 255, 254, 255, 255, 255}), 5)
	if err != nil || n != 4 {
		t.Fatal(n, err)
	}
}
