package logs

import (
	"container/list"
	"sync"
)

// cache keeps indexes and decompressed blocks, the latest used, up to a bound
// in bytes.
type cache struct {
	mu    sync.Mutex
	limit int
	bytes int
	items map[cacheKey]*list.Element
	used  list.List // of *cacheItem, latest first
}

// cacheKey names a block of a segment; block -1 is the index.
type cacheKey struct {
	segment uint64
	block   int
}

type cacheItem struct {
	key    cacheKey
	blocks []blockIndex
	chunk  *chunk
	bytes  int
}

func newCache(limit int) *cache {
	return &cache{limit: limit, items: map[cacheKey]*list.Element{}}
}

func (c *cache) get(key cacheKey) *cacheItem {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[key]
	if e == nil {
		return nil
	}
	c.used.MoveToFront(e)
	return e.Value.(*cacheItem)
}

func (c *cache) put(item *cacheItem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items[item.key] != nil || item.bytes > c.limit/2 {
		return
	}
	c.items[item.key] = c.used.PushFront(item)
	c.bytes += item.bytes
	for c.bytes > c.limit {
		last := c.used.Back()
		old := c.used.Remove(last).(*cacheItem)
		delete(c.items, old.key)
		c.bytes -= old.bytes
	}
}

// index returns a segment's index.
func (c *cache) index(s *segment) ([]blockIndex, error) {
	key := cacheKey{s.id, -1}
	if item := c.get(key); item != nil {
		return item.blocks, nil
	}
	blocks, err := s.loadIndex()
	if err != nil {
		return nil, err
	}
	bytes := 0
	for i := range blocks {
		bytes += 160 + 56*len(blocks[i].runs)
	}
	c.put(&cacheItem{key: key, blocks: blocks, bytes: bytes})
	return blocks, nil
}

// block returns a decompressed block.
func (c *cache) block(s *segment, n int, k *blockIndex) (*chunk, error) {
	key := cacheKey{s.id, n}
	if item := c.get(key); item != nil {
		return item.chunk, nil
	}
	b, err := s.loadBlock(k, nil)
	if err != nil {
		return nil, err
	}
	c.put(&cacheItem{key: key, chunk: b, bytes: cap(b.data) + 32*len(b.times) + 200})
	return b, nil
}
