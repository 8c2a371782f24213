#!/usr/bin/env bash
# `make bench`: ratios of Hatoba against references measured in the same run.
# BENCH_FORCE=1 measures on a busy machine too; BENCH_ROUNDS and BENCH_STARTS
# set how much is measured.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIPPED: $1"; exit 0; }
[ "$(uname -s)" = Linux ] || skip "the benchmark runs containers, which needs Linux"
[ "$(id -u)" = 0 ] || skip "the benchmark runs containers, which needs root: sudo make bench"
[ -x bin/hatoba ] || skip "bin/hatoba is missing: make build"

work=$(mktemp -d /tmp/hbbench.XXXXXX)
netns=hbbench-$$
docker_etc=$([ -e /etc/docker ] && echo keep || echo remove)
containerd_run=$([ -e /run/containerd ] && echo keep || echo remove)
docker_run=$([ -e /run/docker ] && echo keep || echo remove)
before=$(./test/leftovers.sh || true)

# Whatever has happened, nothing of this run stays.
cleanup() {
  local pid dir
  for dir in "$work"/data "$work"/empty "$work"/api "$work"/idle "$work"/watching* "$work"/new*; do
    [ ! -e "$dir/instance" ] || "$work/hatoba" stop --data-dir "$dir" >/dev/null 2>&1 || true
  done
  for pid in $(cat "$work"/*.pid 2>/dev/null); do
    kill -TERM "$pid" 2>/dev/null || true
  done
  for pid in $(cat "$work"/*.pid 2>/dev/null); do
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
  done
  for pid in $(pgrep -f "^$work/"); do # shims of a start that was cut short
    kill -KILL "$pid" 2>/dev/null || true
  done
  for _ in $(seq 20); do # busy for as long as something of it is ending
    [ -e "/run/netns/$netns" ] || break
    ip netns del "$netns" 2>/dev/null || sleep 0.1
  done
  find /sys/fs/cgroup -depth -type d -path '*/hatoba-bench-docker*' -exec rmdir {} + 2>/dev/null || true
  [ "$docker_etc" = keep ] || rm -rf /etc/docker
  [ "$docker_run" = keep ] || rm -rf /run/docker
  [ "$containerd_run" = keep ] || find /run/containerd -depth -type d -empty -delete 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

cp bin/hatoba "$work/hatoba" # a build beside this run changes nothing
CGO_ENABLED=0 go build -trimpath -o "$work/stamp" ./test/bench/stamp
go build -trimpath -o "$work/bench" ./test/bench

docker=
if ! command -v dockerd >/dev/null; then
  echo "docker: skipped, there is no dockerd on PATH (Debian: apt-get install docker.io)"
elif ! command -v docker >/dev/null; then
  echo "docker: skipped, there is no docker client on PATH"
elif ! command -v ip >/dev/null || ! ip netns add "$netns" 2>/dev/null; then
  echo "docker: skipped, its private engine needs a network namespace, which \`ip netns add\` did not make"
else
  docker=/run/netns/$netns
  ip -n "$netns" link set lo up
fi

status=0
"$work/bench" -work "$work" -hatoba "$work/hatoba" -docker-netns "$docker" \
  -rounds "${BENCH_ROUNDS:-5}" -starts "${BENCH_STARTS:-10}" -force="${BENCH_FORCE:-0}" "$@" 2>"$work/log" || { status=$?; grep -m1 -A8 "^panic\|^fatal" "$work/log" >&2 || tail -5 "$work/log" >&2; } # shims write into the log, too
if [ "$*" != "-only balancer" ]; then
  echo
  echo "Network of one task, against the least that netlink can do"
  HATOBA_ROOT_TESTS=1 go test -run '^$' -bench '^BenchmarkAttach$' -benchtime 100x ./internal/agent/network 2>&1 | grep -E '^Benchmark|FAIL' || status=1
fi
if [ "$*" != "-only balancer" ]; then
  echo
  echo "Metrics that are taken, against the append of Prometheus' head in the same run (at least 0.25)"
  go test -run '^$' -bench '^BenchmarkIngest$' -benchtime 60x ./internal/metrics 2>&1 | grep -E '^Benchmark|FAIL' || status=1
fi
ours="hatoba-bench|hb-bench|hbbench"
for id in $(cat "$work"/*/instance 2>/dev/null); do ours="$ours|$id"; done
cleanup
trap - EXIT
added=$(comm -13 <(sort <<<"$before") <(./test/leftovers.sh | sort) | grep -E "$ours" || true)
if [ -n "$added" ]; then
  printf 'the benchmark left something behind:\n%s\n' "$added" >&2
  status=1
fi
exit "$status"
