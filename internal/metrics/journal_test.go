package metrics

import (
	"errors"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"pgregory.net/rapid"
)

// What write encodes decodeRecord reads.
func TestRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := make([]*column, rapid.IntRange(1, 4).Draw(t, "columns"))
		b := []byte{journalVersion}
		for i := range columns {
			columns[i] = &column{id: uint64(i + 1), tier: resolution(rapid.IntRange(0, 1).Draw(t, "tier")), labels: labels.FromStrings(labelSeries, rapid.String().Draw(t, "series"), labelDimension+"x", rapid.String().Draw(t, "value"))}
			b = appendDefinition(b, columns[i])
		}
		b = append(b, 0)
		var want []sample
		for range rapid.IntRange(0, 5).Draw(t, "samples") {
			want = append(want, sample{columns[rapid.IntRange(0, len(columns)-1).Draw(t, "column")], rapid.Int64Range(0, 1<<42).Draw(t, "time"), rapid.Float64().Draw(t, "value")})
		}
		got, err := decodeRecord(appendSamples(b, want), map[uint64]*column{})
		if err != nil || len(got) != len(want) {
			t.Fatal(got, err)
		}
		for i := range got {
			if got[i].t != want[i].t || got[i].v != want[i].v || got[i].column.tier != want[i].column.tier || got[i].column.labels.Get(labelSeries) != want[i].column.labels.Get(labelSeries) {
				t.Fatalf("%+v, want %+v", got[i], want[i])
			}
		}
	})
}

func FuzzRecord(f *testing.F) {
	c := &column{id: 7, labels: labels.FromStrings(labelSeries, "a")}
	f.Add(appendSamples(append(appendDefinition([]byte{journalVersion}, c), 0), []sample{{c, 1700000000000, 1.5}}))
	f.Add([]byte{journalVersion, 1, 0, 200, 200})
	f.Fuzz(func(t *testing.T, b []byte) {
		samples, err := decodeRecord(b, map[uint64]*column{})
		if err != nil && !errors.Is(err, errJournal) {
			t.Fatal(err)
		}
		for _, s := range samples {
			if s.column == nil {
				t.Fatal("a number without a column")
			}
		}
	})
}
