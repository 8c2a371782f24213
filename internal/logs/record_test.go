package logs

import "testing"

// FuzzRecords gives the readers of what is on disk anything: they may refuse,
// not break.
func FuzzRecords(f *testing.F) {
	s := &stream{id: 2, Stream: Stream{Name: "s", Created: 1}, producers: map[string]int64{"p": 3}}
	g := groupRecord{ID: 1, Scope: scope, Group: Group{Name: "g"}}
	a := &appended{group: 1, stream: 2, producer: "p", offset: 9, events: &chunk{seq0: 1, ingest0: 5}}
	f.Add(encodeJSON(kindGroup, g))
	f.Add(encodeStream(1, s))
	f.Add(encodeAppend(a, []InputEvent{at(0, "a"), at(1, "")}))
	f.Add(encodeSegments(segmentsRecord{group: 1, remove: []uint64{4}, add: []*segment{{id: 5, maxTime: 7, events: 1}}}))
	f.Add(encodeDeleteGroup(1))
	f.Add(encodeDeleteStream(1, 2))
	f.Add(appendIndex(nil, []blockIndex{{offset: 8, events: 1, runs: []run{{stream: 2, to: 1}}, runBytes: []int{3}}}))
	f.Add(appendColumns(nil, []row{{time: 1, seq: 2, ingest: 3, message: []byte("abc")}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		tables := newTables()
		tables.putGroup(g)
		tables.putStream(1, &stream{id: 2, Stream: Stream{Name: "s"}})
		_ = tables.apply(b)
		_, _ = parseIndex(b)
		_ = (&chunk{data: []byte("abc")}).parseColumns(b, 1)
		_, _, _ = nextFrame(b)
	})
}
