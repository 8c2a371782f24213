package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func (e *Engine) catalogPath() string { return filepath.Join(e.cfg.Dir, "catalog") }

// encodeCatalog writes the tables as records, without the end: the segments of
// the events now frozen follow when they are written.
func encodeCatalog(t *tables, wal uint64) []byte {
	h := header{Version: formatVersion, WAL: wal, NextID: t.nextID, LastSeq: t.seq}
	b := appendFrame(nil, encodeJSON(kindHeader, h))
	t.groups.Scan(func(_ string, g *group) bool {
		b = appendFrame(b, encodeJSON(kindGroup, g.record()))
		g.streams.Scan(func(_ string, s *stream) bool {
			b = appendFrame(b, encodeStream(g.id, s))
			return true
		})
		if len(g.segments) > 0 {
			b = appendFrame(b, encodeSegments(segmentsRecord{group: g.id, add: g.segments}))
		}
		return true
	})
	return b
}

// endCatalog adds the segments written since, and the end.
func endCatalog(b []byte, segments map[uint64]*segment) []byte {
	for id, s := range segments {
		b = appendFrame(b, encodeSegments(segmentsRecord{group: id, add: []*segment{s}}))
	}
	return appendFrame(b, []byte{kindEnd})
}

// loadCatalog applies the catalog and returns the first log file after it; a
// store that never had one begins at 1.
func (e *Engine) loadCatalog() (wal uint64, err error) {
	b, err := os.ReadFile(e.catalogPath())
	if errors.Is(err, fs.ErrNotExist) {
		return 1, nil
	}
	if err != nil {
		return 0, err
	}
	payload, rest, ok := nextFrame(b)
	if !ok || payload[0] != kindHeader {
		return 0, errCorrupt
	}
	var h header
	if err := decodeJSON(payload[1:], &h); err != nil {
		return 0, err
	}
	if h.Version > formatVersion {
		return 0, fmt.Errorf("it has format %d, this Hatoba knows up to %d: use a newer Hatoba", h.Version, formatVersion)
	}
	for {
		if payload, rest, ok = nextFrame(rest); !ok {
			return 0, errCorrupt
		}
		if payload[0] == kindEnd {
			break
		}
		if err := e.tables.apply(payload); err != nil {
			return 0, err
		}
	}
	e.tables.nextID = max(e.tables.nextID, h.NextID)
	e.tables.seq = max(e.tables.seq, h.LastSeq)
	return h.WAL, nil
}
