#!/usr/bin/env bash
# golangci-lint at one pinned version, built once into .cache.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v2.15.0
bin=.cache/bin/golangci-lint-$version
if [ ! -x "$bin" ]; then
  mkdir -p .cache/bin
  GOBIN=$PWD/.cache/bin go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version"
  mv .cache/bin/golangci-lint "$bin"
fi
exec "$bin" run --timeout 15m ./...
