// Package objects keeps S3's buckets, objects and multipart uploads: bytes in
// files that are encrypted and never changed, all that is known of them in one
// bbolt database.
//
// What a method has acknowledged survives kill -9 and power loss: bytes are
// synced and renamed first, then one synced transaction makes them visible.
// Names of buckets and keys are never file names, so none leads anywhere.
package objects
