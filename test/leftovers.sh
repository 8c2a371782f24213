#!/usr/bin/env bash
# Lists what a Hatoba could leave on a machine: network namespaces, links,
# mounts, cgroups, shims, nft tables. Two listings that differ are a leak.
set -uo pipefail
echo "netns:";   ls /run/netns /run/hatoba/*/netns 2>/dev/null | sort
echo "links:";   ip -o link 2>/dev/null | awk -F': ' '{print $2}' | sed 's/@.*//' | sort
echo "mounts:";  awk '{print $5}' /proc/self/mountinfo | grep -E 'hatoba|containerd|netns/' | sort
echo "cgroups:"; find /sys/fs/cgroup -type d -path '*hatoba*' 2>/dev/null | sort
echo "shims:";   pgrep -af hatoba-shim | awk '{print $2}' | sort
echo "nft:";     nft list tables 2>/dev/null | grep hatoba | sort
exit 0
