#!/usr/bin/env bash
# Types the README's tour: every ```sh block between <!-- tour --> and
# <!-- /tour -->, in order, in one shell, against a Hatoba of its own on a spare
# port. Needs root, the aws CLI, curl and bin/hatoba. A README may be named.
set -euo pipefail
cd "$(dirname "$0")/.."
readme=${1:-README.md}
if [ "$(id -u)" != 0 ]; then
  echo "SKIPPED: the tour runs containers and needs root"
  exit 0
fi
for tool in aws curl; do
  command -v $tool >/dev/null || { echo "the tour needs $tool on PATH" >&2; exit 1; }
done

work=$(mktemp -d)
data=$work/data
export HATOBA_DATA_DIR=$data HATOBA_LISTEN=127.0.0.1:${HATOBA_README_PORT:-4599}

# What is typed here is the README but for two things: the data dir, and that
# nobody is there to press Ctrl-C.
tour=$work/tour.sh
{
  echo 'set -euxo pipefail'
  awk '/^<!-- tour -->$/{on=1} /^<!-- \/tour -->$/{on=0} on && /^```$/{sh=0} sh{print} on && /^```sh$/{sh=1}' "$readme" |
    sed -e "s|/var/lib/hatoba|$data|g" -e 's/^hatoba logs -f .*/{ timeout 2 & || [ $? = 124 ]; }/'
} >"$tour"
[ "$(wc -l <"$tour")" -gt 10 ] || { echo "no tour found in $readme" >&2; exit 1; }

# The first terminal: `hatoba up`, typed again after it was killed.
terminal() {
  local code=137
  while [ $code = 137 ]; do
    code=0
    ./bin/hatoba up || code=$?
  done
  return $code
}
terminal >"$work/up.log" 2>&1 &
first=$!
finish() {
  code=$?
  ./bin/hatoba stop >/dev/null 2>&1 || true
  wait $first || true
  [ $code = 0 ] || cat "$work/up.log" >&2
  rm -rf "$work"
  exit $code
}
trap finish EXIT
curl -fsS -o /dev/null --retry 100 --retry-delay 1 --retry-max-time 30 --retry-all-errors "http://$HATOBA_LISTEN/_hatoba/health"

bash "$tour"
echo "the tour of $readme ends well"
