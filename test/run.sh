#!/usr/bin/env bash
# All tests: first the hermetic ones, then those that run real containers.
set -euo pipefail
cd "$(dirname "$0")/.."
HATOBA_TEST_TOOLS=1 ./test/setup.sh
go vet ./...
go test -tags embedshim ./...
if [ "$(id -u)" != 0 ]; then
  echo "SKIPPED: the tests that run containers need root; run 'sudo make test'"
  exit 0
fi
before=$(mktemp)
trap 'rm -f "$before"' EXIT
./test/leftovers.sh >"$before"
# One package at a time: they share the machine's cgroups and bridges.
HATOBA_ROOT_TESTS=1 go test -tags embedshim -p 1 -count=1 -timeout 20m $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./... | while read -r d; do ls "$d"/*_root_test.go >/dev/null 2>&1 && echo "$d"; done)
./test/leftovers.sh --since "$before"
