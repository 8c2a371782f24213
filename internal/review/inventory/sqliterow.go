package inventory

// record splits a payload into columns.
func record(payload []byte) (out []any, err error) {
	header, n := varint(payload)
	if n == 0 || header < int64(n) || header > int64(len(payload)) {
		return nil, errSQLite
	}
	kinds, data := payload[n:header], payload[header:]
	for len(kinds) > 0 {
		kind, n := varint(kinds)
		if n == 0 {
			return nil, errSQLite
		}
		kinds = kinds[n:]
		size := int64(0)
		switch {
		case kind >= 12:
			size = (kind - 12) / 2
		case kind >= 1 && kind <= 7:
			size = []int64{0, 1, 2, 3, 4, 6, 8, 8}[kind]
		}
		if kind < 0 || size > int64(len(data)) {
			return nil, errSQLite
		}
		out = append(out, column(kind, data[:size]))
		data = data[size:]
	}
	if len(out) == 0 {
		return nil, errSQLite
	}
	return out, nil
}

func column(kind int64, data []byte) any {
	switch {
	case kind >= 12 && kind%2 == 0:
		return data
	case kind >= 13:
		return string(data)
	case kind == 8, kind == 9:
		return kind - 8
	case kind >= 1 && kind <= 6:
		v := int64(int8(data[0]))
		for _, b := range data[1:] {
			v = v<<8 | int64(b)
		}
		return v
	}
	return nil
}

// varint is SQLite's: seven bits a byte, the ninth byte whole; n is 0 if it is
// cut short.
func varint(b []byte) (v int64, n int) {
	for n < 9 && n < len(b) {
		if n == 8 {
			return v<<8 | int64(b[n]), 9
		}
		v = v<<7 | int64(b[n]&0x7f)
		n++
		if b[n-1] < 0x80 {
			return v, n
		}
	}
	return 0, 0
}
