// Package dev is the loop of who writes a service: a folder with a task
// definition, and a service definition if there is one, is built, deployed and
// followed, and deployed again when a file is saved. It is a client of the
// public APIs. What it changes of a definition is an override outside the files
// (Override); the user's files are read only.
package dev
