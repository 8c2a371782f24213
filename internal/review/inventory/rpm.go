package inventory

import (
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

// isRPM finds rpm's database under its old and new places and its three formats.
func isRPM(dir, base string) bool {
	switch dir {
	case "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm":
		return base == "rpmdb.sqlite" || base == "rpmdb.sqlite-wal" || base == "Packages" || base == "Packages.db"
	}
	return false
}

// rpm reads the database of rpm 4.16 and later, which is SQLite's: Amazon Linux
// 2023, RHEL 9 and its kin. The older formats are not read, and that is told.
func rpm(f review.File, r io.Reader) ([]Package, error) {
	switch {
	case strings.HasSuffix(f.Path, "rpmdb.sqlite-wal"):
		if f.Size == 0 {
			return nil, nil
		}
		return nil, errors.New("the rpm database has a write-ahead log: its last changes are not read")
	case !strings.HasSuffix(f.Path, "rpmdb.sqlite"):
		return nil, errors.New("an rpm database is present; Hatoba reads its SQLite format only")
	}
	text, err := bounded(r, maxBinary)
	if err != nil {
		return nil, err
	}
	db, err := openSQLite(text)
	if err != nil {
		return nil, err
	}
	var out []Package
	err = db.rows("Packages", func(columns []any) error {
		blob, _ := columns[len(columns)-1].([]byte)
		p, err := rpmHeader(blob)
		if err == nil && p.Name != "gpg-pubkey" { // a key, kept as a package
			out = append(out, p)
		}
		return err
	})
	return out, err
}

// The tags of an rpm header that are read.
const (
	rpmName      = 1000
	rpmVersion   = 1001
	rpmRelease   = 1002
	rpmEpoch     = 1003
	rpmLicense   = 1014
	rpmArch      = 1022
	rpmSourceRPM = 1044

	rpmInt32  = 4
	rpmString = 6
)

// rpmHeader reads a package's header: two counts, an index of tags, the data.
func rpmHeader(blob []byte) (Package, error) {
	if len(blob) < 8 {
		return Package{}, errors.New("an rpm header is cut short")
	}
	entries, size := int64(binary.BigEndian.Uint32(blob)), int64(binary.BigEndian.Uint32(blob[4:]))
	if 8+entries*16+size > int64(len(blob)) {
		return Package{}, errors.New("an rpm header is cut short")
	}
	data, header := blob[8+entries*16:][:size], map[uint32]rpmEntry{}
	for i := range entries {
		entry := blob[8+i*16:]
		if offset := int64(binary.BigEndian.Uint32(entry[8:])); offset < size {
			header[binary.BigEndian.Uint32(entry)] = rpmEntry{binary.BigEndian.Uint32(entry[4:]), binary.BigEndian.Uint32(entry[12:]), data[offset:]}
		}
	}
	text := func(tag uint32) string {
		if e := header[tag]; e.kind == rpmString {
			one, _, _ := strings.Cut(string(e.data[:min(len(e.data), 1024)]), "\x00")
			return one
		}
		return ""
	}
	if text(rpmName) == "" || text(rpmVersion) == "" {
		return Package{}, errors.New("an rpm header has no name and version")
	}
	p := Package{Name: text(rpmName), Version: text(rpmVersion) + "-" + text(rpmRelease), Arch: text(rpmArch), License: text(rpmLicense), owns: rpmFiles(header)}
	if e := header[rpmEpoch]; e.kind == rpmInt32 && len(e.data) >= 4 {
		if epoch := binary.BigEndian.Uint32(e.data); epoch > 0 {
			p.Version = strconv.FormatUint(uint64(epoch), 10) + ":" + p.Version
		}
	}
	// NAME-VERSION-RELEASE.src.rpm
	if part := strings.Split(strings.TrimSuffix(text(rpmSourceRPM), ".src.rpm"), "-"); len(part) > 2 {
		p.Source = strings.Join(part[:len(part)-2], "-")
		p.SourceVersion = strings.Join(part[len(part)-2:], "-")
	}
	return p, nil
}
