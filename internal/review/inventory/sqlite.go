package inventory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// sqlite reads the tables of a database file, by
// https://www.sqlite.org/fileformat.html: no queries, no indexes, no writing.
type sqlite struct {
	text   []byte
	page   int // size
	usable int
	seen   map[int]bool // pages of the walk: a sound tree has each once
	left   int          // bytes of rows that may still come: a sound file holds them all
}

var errSQLite = errors.New("the SQLite file is damaged")

// maxTree bounds the depth of a table's tree; a sound one is far below.
const maxTree = 20

func openSQLite(text []byte) (*sqlite, error) {
	if len(text) < 100 || !strings.HasPrefix(string(text[:16]), "SQLite format 3\x00") {
		return nil, errors.New("it is no SQLite file")
	}
	db := &sqlite{text: text, page: int(binary.BigEndian.Uint16(text[16:]))}
	if db.page == 1 {
		db.page = 65536
	}
	db.usable = db.page - int(text[20])
	if db.page < 512 || db.usable < 480 {
		return nil, errSQLite
	}
	return db, nil
}

// rows gives the columns of each row of a table: nil, int64, string or []byte;
// other kinds are nil.
func (db *sqlite) rows(table string, do func([]any) error) error {
	root := int64(0)
	db.seen, db.left = map[int]bool{}, len(db.text)
	err := db.tree(1, 0, func(c []any) error { // type, name, tbl_name, rootpage, sql
		if len(c) >= 4 && c[0] == "table" && c[1] == table {
			root, _ = c[3].(int64)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case root == 0:
		return fmt.Errorf("the SQLite file has no table %s", table)
	}
	db.seen, db.left = map[int]bool{}, len(db.text)
	return db.tree(int(root), 0, do)
}

// tree walks a table's tree from a page.
func (db *sqlite) tree(number, depth int, do func([]any) error) error {
	page, err := db.at(number)
	if err != nil || depth > maxTree || db.seen[number] {
		return errSQLite
	}
	db.seen[number] = true
	head := 0
	if number == 1 {
		head = 100 // the file's own header
	}
	kind, cells := page[head], int(binary.BigEndian.Uint16(page[head+3:]))
	pointers := head + 8
	if kind == 5 {
		pointers = head + 12
	}
	if kind != 5 && kind != 13 || pointers+cells*2 > len(page) {
		return errSQLite
	}
	for i := range cells {
		at := int(binary.BigEndian.Uint16(page[pointers+i*2:]))
		if at+4 > len(page) {
			return errSQLite
		}
		if kind == 5 {
			err = db.tree(int(binary.BigEndian.Uint32(page[at:])), depth+1, do)
		} else {
			err = db.row(page[at:], do)
		}
		if err != nil {
			return err
		}
	}
	if kind == 5 {
		return db.tree(int(binary.BigEndian.Uint32(page[head+8:])), depth+1, do)
	}
	return nil
}

func (db *sqlite) at(number int) ([]byte, error) {
	if number < 1 || number > len(db.text)/db.page {
		return nil, errSQLite
	}
	return db.text[(number-1)*db.page:][:db.usable], nil
}

// row reads a cell of a leaf: the payload's size, the row's number, the payload,
// which may go on in other pages.
func (db *sqlite) row(cell []byte, do func([]any) error) error {
	size, n := varint(cell)
	_, m := varint(cell[n:])
	cell = cell[n+m:]
	if size < 0 || size > int64(db.left) || n == 0 || m == 0 {
		return errSQLite
	}
	db.left -= int(size)
	local := int(size)
	if most := db.usable - 35; local > most {
		least := (db.usable-12)*32/255 - 23
		if local = least + (local-least)%(db.usable-4); local > most {
			local = least
		}
	}
	if local > len(cell) {
		return errSQLite
	}
	payload := append([]byte{}, cell[:local]...)
	if int(size) > local {
		if local+4 > len(cell) {
			return errSQLite
		}
		next := int(binary.BigEndian.Uint32(cell[local:]))
		for len(payload) < int(size) {
			page, err := db.at(next)
			if err != nil {
				return err
			}
			payload = append(payload, page[4:min(len(page), 4+int(size)-len(payload))]...)
			next = int(binary.BigEndian.Uint32(page))
		}
	}
	columns, err := record(payload)
	if err != nil {
		return err
	}
	return do(columns)
}
