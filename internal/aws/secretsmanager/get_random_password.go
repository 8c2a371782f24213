package secretsmanager

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/wire"
)

// The character types of a password.
const (
	lowercase   = "abcdefghijklmnopqrstuvwxyz"
	uppercase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numbers     = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

func (s *Service) getRandomPassword(_ context.Context, _ wire.Caller, in *sdk.GetRandomPasswordInput) (*sdk.GetRandomPasswordOutput, error) {
	length := int64(32)
	if in.PasswordLength != nil {
		length = *in.PasswordLength
	}
	if length < 1 {
		return nil, constraint(strconv.FormatInt(length, 10), "passwordLength", "Member must have value greater than or equal to 1")
	}
	if length > 4096 {
		return nil, constraint(strconv.FormatInt(length, 10), "passwordLength", "Member must have value less than or equal to 4096")
	}
	if len(aws.ToString(in.ExcludeCharacters)) > 4096 {
		return nil, constraint("[...]", "excludeCharacters", "Member must have length less than or equal to 4096")
	}
	kinds, all := alphabet(in)
	if all == "" {
		return nil, invalidParameter("The request excludes every character. A password needs some.")
	}
	if in.RequireEachIncludedType != nil && !*in.RequireEachIncludedType {
		kinds = nil
	}
	if int(length) < len(kinds) {
		return nil, invalidParameter("Password length is too short based on the required types.")
	}
	password, err := password(s.random, int(length), kinds, all)
	if err != nil {
		return nil, fmt.Errorf("random password: %w", err)
	}
	return &sdk.GetRandomPasswordOutput{RandomPassword: aws.String(password)}, nil
}

// alphabet returns the characters of each included type and all together.
func alphabet(in *sdk.GetRandomPasswordInput) (kinds []string, all string) {
	for _, kind := range []struct {
		letters string
		exclude *bool
	}{
		{lowercase, in.ExcludeLowercase}, {uppercase, in.ExcludeUppercase}, {numbers, in.ExcludeNumbers}, {punctuation, in.ExcludePunctuation},
	} {
		if aws.ToBool(kind.exclude) {
			continue
		}
		if left := without(kind.letters, in.ExcludeCharacters); left != "" {
			kinds = append(kinds, left)
			all += left
		}
	}
	if aws.ToBool(in.IncludeSpace) {
		all += without(" ", in.ExcludeCharacters)
	}
	return kinds, all
}

func without(letters string, excluded *string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(aws.ToString(excluded), r) {
			return -1
		}
		return r
	}, letters)
}

// password draws one letter of each kind, the rest of all, and shuffles.
func password(random io.Reader, length int, kinds []string, all string) (string, error) {
	out := make([]byte, length)
	for i := range out {
		from := all
		if i < len(kinds) {
			from = kinds[i]
		}
		n, err := draw(random, len(from))
		if err != nil {
			return "", err
		}
		out[i] = from[n]
	}
	for i := length - 1; i > 0; i-- {
		j, err := draw(random, i+1)
		if err != nil {
			return "", err
		}
		out[i], out[j] = out[j], out[i]
	}
	return string(out), nil
}

// draw returns a uniform number below n, 0 < n ≤ 2¹⁶.
func draw(random io.Reader, n int) (int, error) {
	limit := uint32(1<<32 - 1 - (1<<32)%uint64(n)) // above it the remainders are not even
	var raw [4]byte
	for {
		if _, err := io.ReadFull(random, raw[:]); err != nil {
			return 0, err
		}
		if v := binary.LittleEndian.Uint32(raw[:]); v <= limit {
			return int(v % uint32(n)), nil
		}
	}
}
