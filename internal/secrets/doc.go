// Package secrets keeps values encrypted at rest. Every value is sealed with
// AES-256-GCM under a data key of its own; the data key is wrapped by a master
// key that is kept in a file outside the store. Both ciphertexts are bound to
// the key of the record that holds them, so that one record's ciphertext does
// not open in another's place.
package secrets
