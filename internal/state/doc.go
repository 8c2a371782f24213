// Package state is the vocabulary of Hatoba: the records that the store keeps,
// the identifiers and ARNs that name them, the ranks of the task state machine
// and the moves it allows. It does no I/O, reads no clock and starts no
// goroutine, so that every other room may import it.
//
// Every field of a record has one writer, named in its comment. What a user
// sent is kept as sent, in AWS's own types; what we compute sits beside it.
package state
