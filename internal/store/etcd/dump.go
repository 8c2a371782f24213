package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// dumped is a line of a dump: a record as it is stored.
type dumped struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// Dump writes every record as it stands at one moment, a JSON object a line.
// Writes go on meanwhile; those acknowledged before Dump was called are in it.
func (s *Store) Dump(ctx context.Context, w io.Writer) (records int, err error) {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	from, end := root, clientv3.GetPrefixRangeEnd(root)
	revision := int64(0) // the first page's; all pages are of it
	for {
		got, err := s.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(page), clientv3.WithRev(revision))
		if errors.Is(err, rpctypes.ErrCompacted) {
			return records, fmt.Errorf("so much was written meanwhile that the records of the beginning are gone; try again: %w", err)
		}
		if err != nil {
			return records, err
		}
		if revision == 0 {
			revision = got.Header.Revision
		}
		for _, kv := range got.Kvs {
			if err := out.Encode(dumped{string(kv.Key), kv.Value}); err != nil {
				return records, fmt.Errorf("record %s: %w", kv.Key, err)
			}
			records++
			from = string(kv.Key) + "\x00"
		}
		if !got.More {
			return records, nil
		}
	}
}

// Load makes a new store of a dump in an empty directory.
func Load(ctx context.Context, cfg Config, r io.Reader) (records int, err error) {
	s, err := Open(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var batch []clientv3.Op
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := s.client.Txn(ctx).Then(batch...).Commit()
		records, batch, size = records+len(batch), batch[:0], 0
		return err
	}
	in := json.NewDecoder(r)
	for {
		var d dumped
		if err := in.Decode(&d); errors.Is(err, io.EOF) {
			return records, flush()
		} else if err != nil {
			return records, fmt.Errorf("record %d: %w", records+len(batch)+1, err)
		}
		if len(d.Path) <= len(root) || d.Path[:len(root)] != root || len(d.Value) == 0 {
			return records, fmt.Errorf("record %d has the path %q", records+len(batch)+1, d.Path)
		}
		batch = append(batch, clientv3.OpPut(d.Path, string(d.Value)))
		if size += len(d.Path) + len(d.Value); len(batch) == page || size > 4<<20 {
			if err := flush(); err != nil {
				return records, err
			}
		}
	}
}
