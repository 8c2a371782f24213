// Package drills acts on a service and looks what becomes of it: it stops,
// kills and replaces tasks, and tells what was lost. By default it does so to a
// copy of the service, from the same task definition revision, that it makes
// and takes away again; to the service itself only when asked, and never below
// its minimumHealthyPercent.
//
// It is a client of the public APIs. What they do not tell (the files a task
// has written, the user of its process, a kill) a Hatoba is asked for; of other
// endpoints the drill says that it cannot be asked there.
//
// A drill has two halves: one acts and measures, the other judges what was
// measured, and is pure.
package drills
