package wire_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/wire"
)

// TestEveryExceptionThroughTheSDK returns every exception a service's model
// has, with random members, from an operation: the SDK's client must see the
// same exception.
func TestEveryExceptionThroughTheSDK(t *testing.T) {
	for _, svc := range sdkServices() {
		if svc.types == nil {
			continue // the older clients keep no registry; the golden pairs hold an example
		}
		t.Run(svc.Name, func(t *testing.T) {
			for id, entry := range svc.types.Entries {
				if _, ok := entry.New().(smithy.APIError); ok {
					t.Run(id, func(t *testing.T) {
						rapid.Check(t, func(t *rapid.T) { throwAndCatch(t, svc, entry) })
					})
				}
			}
		})
	}
}

// throwAndCatch fills an exception and sends it.
func throwAndCatch(t *rapid.T, svc sdkService, entry *smithy.TypeRegistryEntry) {
	thrown := entry.New()
	g := &generator{t: t, sparse: true, refused: func(typ, member string) { t.Fatalf("%s has type %s", member, typ) }}
	exception := reflect.ValueOf(thrown).Elem()
	g.members(exception, 0)
	message := g.text()
	exception.FieldByName("Message").Set(reflect.ValueOf(&message))

	op := svc.operations()[0]
	described := svc.Service
	described.Operations = []wire.Operation{wire.OpOf(op.name, op.in, op.out,
		func(context.Context, wire.Caller, any) (any, error) { return nil, thrown.(error) })}
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{described}, DefaultScope: scope()})
	if err != nil {
		t.Fatal(err)
	}
	in := reflect.New(op.in)
	g.sparse = false
	g.members(in.Elem(), 0)
	_, err = invoke(t.Context(), svc.client(config(handler)), op.name, in.Interface())
	caught := reflect.New(reflect.TypeOf(thrown))
	if !errors.As(err, caught.Interface()) {
		t.Fatalf("threw %T, caught %v", thrown, err)
	}
	if entry.Schema.Member("Message") == nil && entry.Schema.Member("message") == nil {
		// A few exceptions have no message in the model, so the SDK reads none.
		exception.FieldByName("Message").SetZero()
	}
	if diff := difference(thrown, caught.Elem().Interface(), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("exception (-thrown +caught):\n%s", diff)
	}
}
