package etcd

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/hatoba/hatoba/internal/store/mvcc"
)

const (
	root = "/v1/"
	page = 1000
)

// load reads all records, page by page.
func load(ctx context.Context, client *clientv3.Client, yield func(string, []byte) error) error {
	from, end := root, clientv3.GetPrefixRangeEnd(root)
	for {
		got, err := client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(page))
		if err != nil {
			return err
		}
		for _, kv := range got.Kvs {
			if err := yield(string(kv.Key), kv.Value); err != nil {
				return err
			}
			from = string(kv.Key) + "\x00"
		}
		if !got.More {
			return nil
		}
	}
}

// log commits batches, and compacts as it goes: all readers read the decoded
// records in memory, so that old revisions serve nobody.
type log struct {
	client *clientv3.Client
	ready  func() error // nil: always
	ops    int          // written since the last compaction
	bytes  int
}

const (
	attempts = 3
	patience = 10 * time.Second // with one attempt

	compactOps   = 10_000
	compactBytes = 64 << 20
)

// Ready implements mvcc.Gate.
func (l *log) Ready() error {
	if l.ready == nil {
		return nil
	}
	return l.ready()
}

// Append implements mvcc.Log. This process is the only writer, so that writing
// a batch again after an unclear answer changes nothing.
func (l *log) Append(ctx context.Context, ops []mvcc.Op) error {
	then := make([]clientv3.Op, len(ops))
	for i, op := range ops {
		if op.Value == nil {
			then[i] = clientv3.OpDelete(op.Path)
		} else {
			then[i] = clientv3.OpPut(op.Path, string(op.Value))
		}
		l.bytes += len(op.Path) + len(op.Value)
	}
	l.ops += len(ops)
	var got *clientv3.TxnResponse
	err := l.try(ctx, func(ctx context.Context) (err error) {
		got, err = l.client.Txn(ctx).Then(then...).Commit()
		return err
	})
	if err != nil || (l.ops < compactOps && l.bytes < compactBytes) {
		return err
	}
	l.ops, l.bytes = 0, 0
	// The batch is durable whatever comes of the compaction; one that failed
	// is made up for by the next.
	compactCtx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, _ = l.client.Compact(compactCtx, got.Header.Revision)
	return nil
}

func (l *log) try(ctx context.Context, call func(context.Context) error) (err error) {
	for range attempts {
		callCtx, cancel := context.WithTimeout(ctx, patience)
		err = call(callCtx)
		cancel()
		if err == nil {
			return nil
		}
	}
	return err
}
