#!/usr/bin/env bash
# Lists what a Hatoba could leave on a machine: network namespaces, links,
# mounts, cgroups, shims, nft tables.
#
#   leftovers.sh               print the list
#   leftovers.sh --since FILE  compare with an earlier list; what differs after
#                              ten seconds is a leak: it is printed, exit 1
set -uo pipefail

list() {
  echo "netns:";   ls /run/netns /run/hatoba/*/netns 2>/dev/null | sort
  echo "links:";   ip -o link 2>/dev/null | awk -F': ' '{print $2}' | sed 's/@.*//' | sort
  echo "mounts:";  awk '{print $5}' /proc/self/mountinfo | grep -E 'hatoba|containerd|netns/' | sort
  echo "cgroups:"; find /sys/fs/cgroup -type d -path '*hatoba*' 2>/dev/null | sort
  # A process that has ended and waits for init to collect it holds nothing
  # and has no command line. Where PID 1 never collects (many a container's
  # does not), orphans stay so for ever: they are init's, not ours.
  echo "shims:";   pgrep -af hatoba-shim | awk '$2 !~ /^\[/ {print $2}' | sort
  echo "nft:";     nft list tables 2>/dev/null | grep hatoba | sort
}

if [ "${1:-}" != --since ]; then
  list
  exit 0
fi
for _ in $(seq 20); do
  left=$(diff "$2" <(list)) && exit 0
  sleep 0.5
done
echo "left behind (< before, > now):" >&2
echo "$left" >&2
exit 1
