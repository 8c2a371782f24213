package secrets

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// KeySize is the length of the master key and of data keys in bytes.
const KeySize = 32

// ErrKeyLost is returned by OpenKeyring when the store needs a master key that
// the file does not hold. Put the right file back: no other opens the values.
var ErrKeyLost = errors.New("the master key of the stored secrets is missing")

// Keyring seals and opens values with a master key. It may be used
// concurrently.
type Keyring struct {
	id     string
	master []byte
}

// OpenKeyring reads the master key from the file. known is the id of the key
// that the store's values were sealed under; "" says that there are none yet,
// and only then a missing file is made. A file that others may read, or of the
// wrong length, is refused.
func OpenKeyring(path, known string) (*Keyring, error) {
	master, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if known != "" {
			return nil, fmt.Errorf("%w: %s does not exist, the store needs key %s", ErrKeyLost, path, known)
		}
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("make master key %s: %w", path, err)
		}
		master, err = readKey(path)
	}
	if err != nil {
		return nil, err
	}
	k := newKeyring(master)
	if known != "" && known != k.id {
		return nil, fmt.Errorf("%w: %s holds key %s, the store needs key %s", ErrKeyLost, path, k.id, known)
	}
	return k, nil
}

// NewKeyring makes a keyring with a random key that is kept nowhere, for tests.
func NewKeyring() *Keyring {
	master := make([]byte, KeySize)
	rand.Read(master) // never fails
	return newKeyring(master)
}

func newKeyring(master []byte) *Keyring {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("hatoba master key id"))
	return &Keyring{id: hex.EncodeToString(mac.Sum(nil)[:8]), master: master}
}

// ID names the master key. It tells nothing of the key itself.
func (k *Keyring) ID() string { return k.id }

// String shows the id only.
func (k *Keyring) String() string { return "keyring " + k.id }

// GoString shows the id only.
func (k *Keyring) GoString() string { return k.String() }

// LogValue shows the id only.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }

func readKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("master key %s is not a regular file", path)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("master key %s has permissions %#o, others may use it: chmod 600 %s", path, info.Mode().Perm(), path)
	case info.Size() != KeySize:
		return nil, fmt.Errorf("master key %s has %d bytes, not %d", path, info.Size(), KeySize)
	}
	master := make([]byte, KeySize)
	if _, err := f.ReadAt(master, 0); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return master, nil
}

// createKey makes the file whole or not at all, and never replaces one: a
// crash leaves at most a temporary file.
func createKey(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".master-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	master := make([]byte, KeySize)
	rand.Read(master) // never fails
	_, err = tmp.Write(master)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	// Link fails where Rename would replace what another process just made.
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
