package network

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// entry is a struct ipt_entry with a standard target.
func entry(in string, verdict int32) []byte {
	e := make([]byte, entrySize+40)
	copy(e[16:], in)
	for i := range in {
		e[48+i] = 0xff
	}
	if in != "" {
		e[48+len(in)] = 0xff
	}
	binary.NativeEndian.PutUint16(e[88:], entrySize)
	binary.NativeEndian.PutUint16(e[90:], entrySize+40)
	binary.NativeEndian.PutUint32(e[entrySize+32:], uint32(verdict))
	return e
}

func TestParseLegacyForward(t *testing.T) {
	entries := append(entry("hb-a", -2), entry("", -1)...)
	f, err := parseLegacyForward(entries, 0, entrySize+40)
	if err != nil || !f.drops || f.rules != 1 || !f.passes("in", "hb-a") || f.passes("out", "hb-a") {
		t.Errorf("%+v (%v)", f, err)
	}
}

func TestTornLegacyEntriesAreAnErrorAndNoPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "bytes")
		_, _ = parseLegacyForward(b, rapid.Uint32Range(0, 500).Draw(t, "start"), rapid.Uint32Range(0, 500).Draw(t, "policy"))
	})
}
