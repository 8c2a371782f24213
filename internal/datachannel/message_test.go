package datachannel

import (
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// golden is a message as AWS's plugin of version 1.3.0 writes it.
func golden(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/size.hex")
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGolden(t *testing.T) {
	b := golden(t)
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	want := Message{
		Type: Input, Schema: 1, Created: time.UnixMilli(1795270000123).UTC(), Sequence: 7, ID: m.ID, Kind: Size,
		Payload: []byte(`{"cols":80,"rows":24}`),
	}
	if !reflect.DeepEqual(m, want) || m.ID.String() != "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0" {
		t.Errorf("%+v %s", m, m.ID)
	}
	if got := m.Encode(); string(got) != string(b) {
		t.Errorf("encoded\n%x, want\n%x", got, b)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := Message{Type: Output, ID: newID(), Payload: []byte("payload")}.Encode()
	for name, c := range map[string]struct {
		change func([]byte) []byte
		want   error
	}{
		"nothing":            {func([]byte) []byte { return nil }, ErrMalformed},
		"half a header":      {func(b []byte) []byte { return b[:60] }, ErrMalformed},
		"half a payload":     {func(b []byte) []byte { return b[:len(b)-1] }, ErrMalformed},
		"more than is said":  {func(b []byte) []byte { return append(b, 0) }, ErrMalformed},
		"a header too long":  {func(b []byte) []byte { b[0] = 0xff; return b }, ErrMalformed},
		"a header too short": {func(b []byte) []byte { b[3] = 1; return b }, ErrMalformed},
		"another payload":    {func(b []byte) []byte { b[len(b)-1]++; return b }, ErrDigest},
		"far too much":       {func(b []byte) []byte { return append(b, make([]byte, MaxMessage)...) }, ErrMalformed},
	} {
		if _, err := Decode(c.change([]byte(string(good)))); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Message{Type: Input, ID: newID(), Kind: Data, Payload: []byte("ls\r")}.Encode())
	f.Add(plain(ChannelClosed, []byte(`{"Output":"bye"}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err == nil {
			again, err := Decode(m.Encode())
			if err != nil {
				t.Fatal(err)
			}
			if again.Type != strings.TrimSpace(m.Type) || string(again.Payload) != string(m.Payload) || again.Sequence != m.Sequence {
				t.Errorf("%+v became %+v", m, again)
			}
		}
		_ = NewAgent().take(m)
	})
}
