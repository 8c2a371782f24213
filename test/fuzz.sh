#!/usr/bin/env bash
# Runs every fuzz target of the module for a bounded time.
#
#   test/fuzz.sh [PACKAGE...]     only the targets of these folders, such as ./internal/wire
#   FUZZTIME=5s                   time for each target
#   FUZZTOTAL=180s                time for all together, in even shares; wins over FUZZTIME
#
# An input that makes a target fail is left in its package's testdata/fuzz: commit
# it with the mending, it is a test from then on.
set -uo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}

targets() { # FOLDER NAME, a line each
  local where=("$@")
  [ ${#where[@]} -gt 0 ] || where=(.)
  grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' "${where[@]}" |
    sed -E 's|^(\./)?(.*)/[^/]*_test\.go:func (Fuzz[A-Za-z0-9_]*)\($|./\2 \3|; s|^\./\./|./|' |
    grep -v '/testdata/' | sort -u
}

seconds() { # of 5, 5s or 3m
  case $1 in
  *m) echo $((${1%m} * 60)) ;;
  *s) echo "${1%s}" ;;
  *) echo "$1" ;;
  esac
}

mapfile -t all < <(targets "$@")
if [ ${#all[@]} = 0 ]; then
  echo "no fuzz targets in ${*:-this module}" >&2
  exit 1
fi
each=$(seconds "${FUZZTIME:-5s}")
if [ -n "${FUZZTOTAL:-}" ]; then
  each=$(($(seconds "$FUZZTOTAL") / ${#all[@]}))
  [ "$each" -ge 1 ] || each=1
fi
echo "${#all[@]} targets, ${each}s each"

out=$(mktemp)
trap 'rm -f "$out"' EXIT
failed=()
for line in "${all[@]}"; do
  read -r folder name <<<"$line"
  # The build is not counted; the limit is for a target that hangs.
  timeout -k 10 $((each + 300)) "$go" test -run '^$' -fuzz "^$name\$" -fuzztime "${each}s" "$folder" >"$out" 2>&1
  code=$?
  # The fuzzer says this now and then when its time is over in the middle of
  # an execution; it has found nothing.
  if [ $code != 0 ] && grep -q 'context deadline exceeded' "$out" && ! grep -q 'Failing input written' "$out"; then
    code=0
  fi
  if [ $code = 0 ]; then
    printf 'ok    %s %s\n' "$folder" "$name"
  else
    printf 'FAIL  %s %s\n' "$folder" "$name"
    tail -n 60 "$out"
    failed+=("$folder $name")
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  printf '%d of %d fuzz targets failed:\n' ${#failed[@]} ${#all[@]}
  printf '  %s\n' "${failed[@]}"
  exit 1
fi
