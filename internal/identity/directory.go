package identity

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Directory implements wire.Identities. It may be used concurrently.
type Directory struct {
	Store   store.Store
	Keyring *secrets.Keyring
	Now     func() time.Time // nil: time.Now
}

var _ wire.Identities = (*Directory)(nil)

func (d *Directory) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

// Key implements wire.Identities.
func (d *Directory) Key(ctx context.Context, accessKey, token string) (wire.Key, error) {
	if token != "" {
		return d.open(accessKey, token)
	}
	if !strings.HasPrefix(accessKey, "AKIA") {
		return wire.Key{}, wire.ErrUnknownKey
	}
	var (
		record state.AccessKey
		user   state.User
		known  bool
		root   bool
	)
	key := state.AccessKeyScope().Key(accessKey)
	err := d.Store.View(ctx, func(r store.Reader) error {
		if record, known = store.AccessKeys.Get(r, key); known && record.User == "" {
			root = true
		} else if known {
			user, known = store.Users.Get(r, state.IAMKey(record.Account, record.User))
		}
		return nil
	})
	if err != nil {
		return wire.Key{}, fmt.Errorf("look up access key: %w", err)
	}
	if !known || !record.Active {
		return wire.Key{}, wire.ErrUnknownKey
	}
	secret, err := d.Keyring.Open(AccessKeyAAD(key), record.Secret)
	if err != nil {
		return wire.Key{}, fmt.Errorf("open access key %s: %w", accessKey, err)
	}
	if root {
		return wire.Key{Identity: wire.Root(record.Account), Secret: string(secret)}, nil
	}
	return wire.Key{
		Identity: wire.Identity{Account: record.Account, ARN: user.ARN, UserID: user.ID},
		Secret:   string(secret),
	}, nil
}

// AccessKeyAAD binds a sealed secret access key to its record.
func AccessKeyAAD(key state.Key) []byte { return secrets.AAD(store.AccessKeys.Name, key) }

// Session is who a role's session is. The role need not be in IAM: an id is
// then derived from its ARN.
func Session(role state.Role, session string, expires time.Time) wire.Identity {
	account := AccountOfARN(role.ARN)
	return wire.Identity{
		Account: account, Role: role.ARN, Expires: expires, UserID: role.ID + ":" + session,
		ARN: "arn:aws:sts::" + account + ":assumed-role/" + role.Name + "/" + session,
	}
}

// Role finds a role by its ARN. One that is not in IAM, or is there under
// another path, is given as its ARN tells it, with false.
func Role(r store.Reader, arn string) (state.Role, bool) {
	name := state.RoleName(arn)
	role, ok := store.Roles.Get(r, state.IAMKey(AccountOfARN(arn), name))
	if ok && role.ARN == arn {
		return role, true
	}
	return state.Role{Name: name, ARN: arn, ID: AdoptedID(arn)}, false
}

// TaskSession is how long a task's credentials hold, as on ECS.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
const TaskSession = 6 * time.Hour

// Task is who a task is: a session of its task role, named after the task. A
// task without a role is only itself: it has no credentials, and may do what
// needs none.
func (d *Directory) Task(ctx context.Context, task state.Task, roleARN string) (wire.Identity, error) {
	expires := d.now().Add(TaskSession)
	if roleARN == "" {
		return wire.Identity{Account: AccountOfARN(task.ARN), ARN: task.ARN, UserID: task.ID, Task: task.ARN, Expires: expires}, nil
	}
	var id wire.Identity
	err := d.Store.View(ctx, func(r store.Reader) error {
		role, _ := Role(r, roleARN)
		id = Session(role, task.ID, expires)
		return nil
	})
	id.Task = task.ARN
	return id, err
}

// AccountOfARN is the fifth part of an ARN.
func AccountOfARN(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// AdoptedID is the id of a role that is not in IAM.
func AdoptedID(arn string) string { return derivedID("AROA", arn) }

// derivedID is an id that is always the same for one ARN.
func derivedID(kind, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return kind + base32Digits.EncodeToString(sum[:])[:17]
}
