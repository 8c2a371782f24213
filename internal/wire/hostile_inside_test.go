package wire

import (
	"bytes"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A body's size bounds what is made of it, so that many short ones cost as
// little as few long ones.
func TestShortBodiesCostLittle(t *testing.T) {
	p := fuzzedPlan(t, Naming{})
	const size = 64 << 10
	for name, decode := range map[string]func(v reflect.Value) *shapeError{
		"JSON": func(v reflect.Value) *shapeError {
			return decodeJSON(p, []byte(`{"Structs":[{}`+strings.Repeat(",{}", size/3)+`]}`), v)
		},
		"CBOR": func(v reflect.Value) *shapeError {
			return decodeCBOR(p, append([]byte("\xa1\x67Structs\x9f"), bytes.Repeat([]byte{0xa0}, size)...), v)
		},
		"XML": func(v reflect.Value) *shapeError {
			return restXML{}.decode(p, nil, []byte("<R><Structs>"+strings.Repeat("<member/>", size/9)+"</Structs></R>"), v)
		},
	} {
		var v fuzzed
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := decode(reflect.ValueOf(&v).Elem())
		runtime.ReadMemStats(&after)
		cost := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d KB for %d KB: %v", name, cost>>10, size>>10, err)
		if cost > 16<<20 {
			t.Errorf("%s: %d KB make %d MB", name, size>>10, cost>>20)
		}
	}
}

// Documents that would cost a careless decoder memory, time or the stack.
func TestHostileDocuments(t *testing.T) {
	p := fuzzedPlan(t, Naming{})
	xml := func(data []byte) *shapeError {
		root, err := parseXML(data)
		if err != nil {
			return err
		}
		var v fuzzed
		return decodeXML(p, nil, root, reflect.ValueOf(&v).Elem(), &budget{most: maxMemory})
	}
	cbor := func(data []byte) *shapeError {
		var v fuzzed
		return decodeCBOR(p, data, reflect.ValueOf(&v).Elem())
	}
	const size = 2<<20 - 100
	for name, c := range map[string]struct {
		decode func([]byte) *shapeError
		data   []byte
		fine   bool
	}{
		"deep XML":               {xml, []byte(strings.Repeat("<a>", size/3)), false},
		"many elements of XML":   {xml, []byte("<R>" + strings.Repeat("<a/>", size/4) + "</R>"), false},
		"many attributes":        {xml, []byte("<R " + strings.Repeat("a='' ", size/5) + "/>"), false},
		"many structs of XML":    {xml, []byte("<R><Structs>" + strings.Repeat("<member/>", size/9) + "</Structs></R>"), false},
		"text in many pieces":    {xml, []byte("<R><String>" + strings.Repeat("a<!---->", size/8) + "</String></R>"), true},
		"an entity of one's own": {xml, []byte(`<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>`), false},
		"deep CBOR":              {cbor, append([]byte("\xa1\x61x"), bytes.Repeat([]byte{0x81}, size)...), false},
		"deep tags":              {cbor, append([]byte("\xa1\x61x"), bytes.Repeat([]byte{0xc1}, size)...), false},
		"a list that lies":       {cbor, []byte("\xa1\x64List\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"), false},
		"a text that lies":       {cbor, []byte("\xa1\x66String\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"), false},
		"many structs of CBOR":   {cbor, append([]byte("\xa1\x67Structs\x9f"), bytes.Repeat([]byte{0xa0}, size)...), false},
		"many pieces of a text":  {cbor, append(append([]byte("\xa1\x66String\x7f"), bytes.Repeat([]byte{0x61, 'a'}, size/2)...), 0xff), true},
		"empty pieces":           {cbor, append([]byte("\xa1\x66String\x7f"), bytes.Repeat([]byte{0x60}, size)...), false},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := CPUTime()
		err := c.decode(c.data)
		took := CPUTime() - start
		runtime.ReadMemStats(&after)
		if (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 300<<20 {
			t.Errorf("%s: allocates %d MB", name, cost>>20)
		}
		if took > 5*time.Second {
			t.Errorf("%s: takes %s", name, took)
		}
	}
}
