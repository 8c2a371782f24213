#!/usr/bin/env bash
# Builds the Hatoba of the commit named in PREVIOUS, once, and tries the upgrade
# from it to this one and the step back.
set -euo pipefail
cd "$(dirname "$0")/../.."
commit=$(cat test/upgrade/PREVIOUS)
previous=$PWD/.cache/upgrade/$commit
if [ ! -x "$previous" ]; then
  if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
    echo "SKIPPED: this clone's history does not reach commit $commit, the previous build"
    exit 0
  fi
  mkdir -p .cache/upgrade
  tree=$(mktemp -d)
  trap 'git worktree remove --force "$tree" 2>/dev/null || rm -rf "$tree"' EXIT
  git worktree add -q --detach "$tree" "$commit"
  make -s -C "$tree" build >/dev/null
  cp "$tree/bin/hatoba" "$previous"
fi
HATOBA_ROOT_TESTS=1 HATOBA_PREVIOUS=$previous go test -tags embedshim -count=1 -timeout 10m ./test/upgrade
