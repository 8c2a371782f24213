// Package logs is the log engine: groups, streams and events, kept on disk so
// that an acknowledged write survives the end of the process and of the
// machine, and so that a scan over much runs at the speed of decompression.
//
// # Files
//
//	catalog            groups, streams, producers and segments at a checkpoint
//	wal/N.log          every change since the checkpoint, in order
//	seg/GROUP/ID.seg   immutable, compressed events of one group
//
// A change is validated and applied under one lock, framed into the write-ahead
// log, and acknowledged after the log is synced; callers that arrive while a
// sync runs share the next one. Events become visible when they are durable.
// When enough has been written the events in memory are frozen and written as
// one segment per group, the catalog is replaced, and the old log removed.
//
// # Order
//
// Every event has a sequence number, given on arrival and never reused. Events
// are ordered by (time, sequence), which is also what page cursors hold: a
// cursor stays good while events arrive and segments are merged.
//
// # Recovery
//
// Only the newest log file may end in the middle of a record: a file is synced
// before its successor is made. A segment belongs to the store when the catalog
// or the log says so; other files are leftovers of a crash and are removed. An
// error of the log's own write or sync ends the engine: what is on disk is then
// unknown, and only opening it again tells.
package logs
