package authorization_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/authorization"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const keyID = "11111111-2222-3333-4444-555555555555"

// key puts a key with a policy of these statements, and an alias of it.
func (w *world) key(statements string) (ciphertext []byte) {
	w.t.Helper()
	ring := kmskey.Ring{Keyring: secrets.NewKeyring()}
	material, err := ring.NewMaterial(scope.Key(keyID), 0, w.task.CreatedAt, false)
	if err != nil {
		w.t.Fatal(err)
	}
	key := state.KMSKey{ID: keyID, ARN: scope.KMSKeyARN(keyID), State: kmstypes.KeyStateEnabled, Material: []state.KMSMaterial{material}, Manager: kmstypes.KeyManagerTypeCustomer,
		Policy: `{"Version":"2012-10-17","Statement":[` + statements + `]}`}
	w.update(func(s store.Writer) error {
		if err := store.KMSAliases.Put(s, scope.Key("alias/app"), state.KMSAlias{Name: "alias/app", KeyID: keyID}); err != nil {
			return err
		}
		return store.KMSKeys.Put(s, scope.Key(keyID), key)
	})
	if ciphertext, err = ring.Encrypt(scope, key, nil, []byte("x")); err != nil {
		w.t.Fatal(err)
	}
	return ciphertext
}

const (
	ofAccount = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}`
	ofAdmin   = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/admin"},"Action":"kms:*","Resource":"*"}`
	ofRole    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/app"},"Action":"kms:Decrypt","Resource":"*"}`
	may       = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`
	mayNot    = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
)

// A key's policy decides who may use it, and whether the roles' own policies
// count.
func TestKeyPolicies(t *testing.T) {
	const onKey = " on resource: arn:aws:kms:eu-west-1:123456789012:key/" + keyID
	for _, c := range []struct{ what, key, role, refusal string }{
		{"the account's roles, and the role may", ofAccount, may, ""},
		{"the account's roles, and the role may not", ofAccount, mayNot, onKey + " because no identity-based policy allows the kms:Decrypt action"},
		{"another role alone", ofAdmin, may, onKey + " because no resource-based policy allows the kms:Decrypt action"},
		{"the role itself, whose policies are silent", ofRole, mayNot, ""},
		{"a deny beside", ofAccount + `,{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::123456789012:role/app"},"Action":"kms:Decrypt","Resource":"*"}`, may, onKey + " with an explicit deny in a resource-based policy"},
		{"through a service alone", `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}}`, may, "no resource-based policy"},
		{"with a context alone", `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:app":"shop"}}}`, may, "no resource-based policy"},
		{"what cannot be read", `{"Effect":"Perhaps"}`, may, "explicit deny in a resource-based policy"},
	} {
		w := newWorld(t)
		blob := w.key(c.key)
		w.put(c.role)
		for _, id := range []string{"", keyID, "alias/app", scope.ARN("kms", "alias/app"), scope.KMSKeyARN(keyID)} {
			in := &kms.DecryptInput{CiphertextBlob: blob}
			if id != "" {
				in.KeyId = &id
			}
			w.want(c.what+", "+id, "kms", "Decrypt", in, c.refusal)
		}
	}
	w := newWorld(t)
	blob := w.key(ofRole)
	w.put(mayNot)
	w.want("encrypt", "kms", "Encrypt", &kms.EncryptInput{KeyId: aws.String(keyID)}, "no resource-based policy allows the kms:Encrypt action")
	w.want("reencrypt", "kms", "ReEncrypt", &kms.ReEncryptInput{CiphertextBlob: blob, DestinationKeyId: aws.String("alias/app")}, "kms:ReEncryptFrom")
	w.want("delete alias", "kms", "DeleteAlias", &kms.DeleteAliasInput{AliasName: aws.String("alias/app")}, "kms:DeleteAlias on resource: arn:aws:kms:eu-west-1:123456789012:alias/app")
	w.want("nobody's key", "kms", "Decrypt", &kms.DecryptInput{CiphertextBlob: []byte("x")}, "AccessDeniedException")
	w.want("list", "kms", "ListKeys", &kms.ListKeysInput{}, "kms:ListKeys")
	w.key(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:app":"shop"},"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"app"}}}`)
	w.want("the context", "kms", "Decrypt", &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: map[string]string{"app": "shop"}}, "")
}

// What a service does with a key for a task is asked of the key too.
func TestKeysThroughServices(t *testing.T) {
	via := func(service string) string {
		return `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"` + service + `.eu-west-1.amazonaws.com","kms:CallerAccount":"123456789012"}}}`
	}
	for _, c := range []struct{ what, key, role, refusal string }{
		{"through the service", via("secretsmanager"), mayNot, ""},
		{"through another", via("ssm"), may, "no resource-based policy"},
		{"the account's roles, and the role may", ofAccount, may, ""},
		{"the account's roles, and the role may not", ofAccount, mayNot, "no identity-based policy allows the kms:Decrypt action"},
		{"another role", ofAdmin, may, "no resource-based policy"},
		{"a role that is not in IAM", ofAccount, "", ""},
		{"a role that is not in IAM, and another's key", ofAdmin, "", "no resource-based policy"},
	} {
		w := newWorld(t)
		w.key(c.key)
		if c.role != "" {
			w.put(c.role)
		}
		id, err := (&identity.Directory{Store: w.store}).Task(context.Background(), w.task, w.role)
		if err != nil {
			t.Fatal(err)
		}
		a := &authorization.Authorizer{Store: w.store}
		use := wire.KeyUse{Service: "secretsmanager", Action: "kms:Decrypt", Key: scope.KMSKeyARN(keyID)}
		err = a.AuthorizeKey(t.Context(), wire.Caller{Scope: scope, Identity: id}, use)
		if c.refusal == "" && err != nil || c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)) {
			t.Errorf("%s: got %v, want %q", c.what, err, c.refusal)
		}
		if err := a.AuthorizeKey(t.Context(), wire.Caller{Scope: scope, Identity: wire.Root(scope.Account)}, use); err != nil {
			t.Errorf("%s: the host is refused: %v", c.what, err)
		}
	}
}

// The account's own roles need an Allow of their own where a secret's or a
// bucket's policy names the account.
func TestBucketPolicies(t *testing.T) {
	w := newWorld(t)
	bucket := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/app"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/open/*"},
		{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/account/*"},
		{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/closed/*"},
		{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}]}`
	w.policies = func(name string) string {
		if name == "b" {
			return bucket
		}
		return ""
	}
	get := func(bucket, key string) *s3.GetObjectInput { return &s3.GetObjectInput{Bucket: &bucket, Key: &key} }
	w.want("role not in IAM", "s3", "GetObject", get("b", "any"), "")
	w.want("role not in IAM, denied", "s3", "GetObject", get("b", "closed/k"), "explicit deny in a resource-based policy")
	w.put(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:PutObject","s3:DeleteObject"],"Resource":"*"}}`)
	w.want("let in", "s3", "GetObject", get("b", "open/k"), "")
	w.want("of the account", "s3", "GetObject", get("b", "account/k"), "no identity-based policy")
	w.want("another bucket", "s3", "GetObject", get("c", "open/k"), "no identity-based policy")
	put := &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}
	w.want("unsealed", "s3", "PutObject", put, "explicit deny")
	put.ServerSideEncryption = s3types.ServerSideEncryptionAwsKms
	w.want("sealed", "s3", "PutObject", put, "")
	w.want("deletions", "s3", "DeleteObjects", &s3.DeleteObjectsInput{Bucket: aws.String("b"), Delete: &s3types.Delete{
		Objects: []s3types.ObjectIdentifier{{Key: aws.String("a")}, {Key: aws.String("closed/b")}}}}, "b/closed/b with an explicit deny in a resource-based policy")
	w.want("copy", "s3", "CopyObject", &s3.CopyObjectInput{Bucket: aws.String("c"), Key: aws.String("k"), CopySource: aws.String("b/closed/k")}, "explicit deny in a resource-based policy")
}
