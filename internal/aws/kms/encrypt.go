package kms

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxPlaintext is how much a key encrypts itself, maxCiphertext what it takes
// back, in bytes.
const (
	maxPlaintext  = 4096
	maxCiphertext = 6144
)

const symmetric = types.EncryptionAlgorithmSpecSymmetricDefault

func checkAlgorithm(a types.EncryptionAlgorithmSpec) error {
	if a != "" && a != symmetric {
		return &types.InvalidKeyUsageException{Message: aws.String("Algorithm " + string(a) + " and key spec SYMMETRIC_DEFAULT are incompatible.")}
	}
	return nil
}

func (s *Service) encrypt(ctx context.Context, caller wire.Caller, in *sdk.EncryptInput) (*sdk.EncryptOutput, error) {
	if err := simply(in.GrantTokens, nil); err != nil {
		return nil, err
	}
	if err := checkAlgorithm(in.EncryptionAlgorithm); err != nil {
		return nil, err
	}
	if n := len(in.Plaintext); n == 0 || n > maxPlaintext {
		rule := "Member must have length less than or equal to 4096"
		if n == 0 {
			rule = "Member must have length greater than or equal to 1"
		}
		return nil, constraint("[redacted]", "plaintext", rule)
	}
	key, err := s.find(ctx, caller.Scope, in.KeyId)
	if err != nil {
		return nil, err
	}
	blob, err := s.ring.Encrypt(caller.Scope, key, in.EncryptionContext, in.Plaintext)
	if err = dryRun(in.DryRun, err); err != nil {
		return nil, told(err)
	}
	return &sdk.EncryptOutput{CiphertextBlob: blob, KeyId: aws.String(key.ARN), EncryptionAlgorithm: symmetric}, nil
}

func (s *Service) decrypt(ctx context.Context, caller wire.Caller, in *sdk.DecryptInput) (*sdk.DecryptOutput, error) {
	if err := simply(in.GrantTokens, in.Recipient); err != nil {
		return nil, err
	}
	if err := checkAlgorithm(in.EncryptionAlgorithm); err != nil {
		return nil, err
	}
	if len(in.DryRunModifiers) > 0 {
		return nil, unsupported("DryRunModifiers")
	}
	plain, key, err := s.open(ctx, caller.Scope, in.CiphertextBlob, in.EncryptionContext, in.KeyId)
	if err = dryRun(in.DryRun, err); err != nil {
		return nil, err
	}
	return &sdk.DecryptOutput{
		Plaintext: plain, KeyId: aws.String(key.ARN), EncryptionAlgorithm: symmetric, KeyMaterialId: aws.String(kmskey.MaterialID(key, in.CiphertextBlob)),
	}, nil
}

// open decrypts, under the key that ref means if there is one.
func (s *Service) open(ctx context.Context, scope state.Scope, blob []byte, context map[string]string, ref *string) (plain []byte, key state.KMSKey, err error) {
	if len(blob) == 0 || len(blob) > maxCiphertext {
		return nil, key, constraint("[ciphertext]", "ciphertextBlob", wire.LengthWithin(len(blob), 1, maxCiphertext))
	}
	want := ""
	if ref != nil {
		found, err := s.find(ctx, scope, ref)
		if err != nil {
			return nil, key, err
		}
		want = found.ID
	}
	err = s.store.View(ctx, func(r store.Reader) (err error) {
		plain, key, err = s.ring.Decrypt(r, scope, context, blob, want)
		return err
	})
	return plain, key, told(err)
}

func (s *Service) reEncrypt(ctx context.Context, caller wire.Caller, in *sdk.ReEncryptInput) (*sdk.ReEncryptOutput, error) {
	if err := simply(in.GrantTokens, nil); err != nil {
		return nil, err
	}
	for _, a := range []types.EncryptionAlgorithmSpec{in.SourceEncryptionAlgorithm, in.DestinationEncryptionAlgorithm} {
		if err := checkAlgorithm(a); err != nil {
			return nil, err
		}
	}
	if len(in.DryRunModifiers) > 0 {
		return nil, unsupported("DryRunModifiers")
	}
	to, err := s.find(ctx, caller.Scope, in.DestinationKeyId)
	if err != nil {
		return nil, err
	}
	plain, from, err := s.open(ctx, caller.Scope, in.CiphertextBlob, in.SourceEncryptionContext, in.SourceKeyId)
	if err != nil {
		return nil, err
	}
	blob, err := s.ring.Encrypt(caller.Scope, to, in.DestinationEncryptionContext, plain)
	if err = dryRun(in.DryRun, err); err != nil {
		return nil, told(err)
	}
	return &sdk.ReEncryptOutput{
		CiphertextBlob: blob, KeyId: aws.String(to.ARN), SourceKeyId: aws.String(from.ARN),
		SourceEncryptionAlgorithm: symmetric, DestinationEncryptionAlgorithm: symmetric,
	}, nil
}

// dataKey makes a data key.
func (s *Service) dataKey(ctx context.Context, scope state.Scope, ref *string, spec types.DataKeySpec, size *int32, context map[string]string) (plain, blob []byte, key state.KMSKey, err error) {
	length := 0
	switch {
	case (spec == "") == (size == nil):
		return nil, nil, key, invalid("Please specify either number of bytes or key spec.")
	case spec == types.DataKeySpecAes256:
		length = 32
	case spec == types.DataKeySpecAes128:
		length = 16
	case spec != "":
		return nil, nil, key, constraint(string(spec), "keySpec", "Member must satisfy enum value set: [AES_256, AES_128]")
	default:
		if length = int(*size); length < 1 || length > 1024 {
			return nil, nil, key, constraint(fmt.Sprint(length), "numberOfBytes", wire.ValueWithin(length, 1, 1024))
		}
	}
	if key, err = s.find(ctx, scope, ref); err != nil {
		return nil, nil, key, err
	}
	plain = make([]byte, length)
	rand.Read(plain) // never fails
	blob, err = s.ring.Encrypt(scope, key, context, plain)
	return plain, blob, key, told(err)
}

func (s *Service) generateDataKey(ctx context.Context, caller wire.Caller, in *sdk.GenerateDataKeyInput) (*sdk.GenerateDataKeyOutput, error) {
	if err := simply(in.GrantTokens, in.Recipient); err != nil {
		return nil, err
	}
	plain, blob, key, err := s.dataKey(ctx, caller.Scope, in.KeyId, in.KeySpec, in.NumberOfBytes, in.EncryptionContext)
	if err = dryRun(in.DryRun, err); err != nil {
		return nil, err
	}
	return &sdk.GenerateDataKeyOutput{Plaintext: plain, CiphertextBlob: blob, KeyId: aws.String(key.ARN), KeyMaterialId: aws.String(key.Material[len(key.Material)-1].ID)}, nil
}

func (s *Service) generateDataKeyWithoutPlaintext(ctx context.Context, caller wire.Caller, in *sdk.GenerateDataKeyWithoutPlaintextInput) (*sdk.GenerateDataKeyWithoutPlaintextOutput, error) {
	if err := simply(in.GrantTokens, nil); err != nil {
		return nil, err
	}
	_, blob, key, err := s.dataKey(ctx, caller.Scope, in.KeyId, in.KeySpec, in.NumberOfBytes, in.EncryptionContext)
	if err = dryRun(in.DryRun, err); err != nil {
		return nil, err
	}
	return &sdk.GenerateDataKeyWithoutPlaintextOutput{CiphertextBlob: blob, KeyId: aws.String(key.ARN), KeyMaterialId: aws.String(key.Material[len(key.Material)-1].ID)}, nil
}

func (s *Service) generateRandom(_ context.Context, _ wire.Caller, in *sdk.GenerateRandomInput) (*sdk.GenerateRandomOutput, error) {
	switch {
	case in.CustomKeyStoreId != nil:
		return nil, unsupported("CustomKeyStoreId")
	case in.Recipient != nil:
		return nil, unsupported("Recipient (Nitro enclaves)")
	case in.NumberOfBytes == nil || *in.NumberOfBytes < 1 || *in.NumberOfBytes > 1024:
		return nil, constraint(fmt.Sprint(aws.ToInt32(in.NumberOfBytes)), "numberOfBytes", wire.ValueWithin(int(aws.ToInt32(in.NumberOfBytes)), 1, 1024))
	}
	out := make([]byte, *in.NumberOfBytes)
	rand.Read(out) // never fails
	return &sdk.GenerateRandomOutput{Plaintext: out}, nil
}
