package fields

//go:generate go run ../compatibility ../../../../docs/compatibility.md
