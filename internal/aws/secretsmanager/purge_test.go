package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

func TestRunPurgesWhenTheWindowEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := mem.New()
		s := New(Config{Store: db, Keyring: secrets.NewKeyring()})
		caller := wire.Caller{Scope: testScope}
		_, err := s.createSecret(t.Context(), caller, &sdk.CreateSecretInput{Name: aws.String("app"), SecretString: aws.String("v"), ClientRequestToken: aws.String(token)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.deleteSecret(t.Context(), caller, &sdk.DeleteSecretInput{SecretId: aws.String("app"), RecoveryWindowInDays: aws.Int64(7)}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		there := func() (ok bool) {
			synctest.Wait()
			_ = db.View(t.Context(), func(r store.Reader) error {
				_, ok = store.Secrets.Get(r, testScope.Key("app"))
				return nil
			})
			return ok
		}
		time.Sleep(7*24*time.Hour - time.Minute)
		if !there() {
			t.Error("purged too early")
		}
		time.Sleep(purgeEvery)
		if there() {
			t.Error("not purged")
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		db.Close()
	})
}

// Writers at once: no value is lost, and the last one to have been current is
// the previous one.
func TestConcurrentPuts(t *testing.T) {
	f := newFront(t)
	f.create(t, "app", "first")
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			_, err := f.service.putSecretValue(t.Context(), wire.Caller{Scope: testScope}, &sdk.PutSecretValueInput{
				SecretId: aws.String("app"), SecretString: aws.String(fmt.Sprint(i)), ClientRequestToken: aws.String(id(i))})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	out, err := f.ListSecretVersionIds(t.Context(), &sdk.ListSecretVersionIdsInput{SecretId: aws.String("app"), IncludeDeprecated: aws.Bool(true)})
	if err != nil || len(out.Versions) != 21 {
		t.Fatalf("%v %v", out, err)
	}
	labels := map[string]int{}
	for _, v := range out.Versions {
		for _, label := range v.VersionStages {
			labels[label]++
		}
	}
	if len(labels) != 2 || labels[stageCurrent] != 1 || labels[stagePrevious] != 1 {
		t.Fatal(labels)
	}
}
