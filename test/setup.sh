#!/usr/bin/env bash
# Installs what running containers needs on a Debian machine, if it is missing.
set -euo pipefail
missing=()
command -v runc >/dev/null || missing+=(runc)
[ -x "$(command -v mkfs.ext4 || echo /sbin/mkfs.ext4)" ] || missing+=(e2fsprogs)
if [ "${HATOBA_TEST_TOOLS:-}" = 1 ]; then
  command -v skopeo >/dev/null || missing+=(skopeo)
  command -v nft >/dev/null || missing+=(nftables)
  command -v ip >/dev/null || missing+=(iproute2)
  command -v aws >/dev/null || missing+=(awscli)
  command -v curl >/dev/null || missing+=(curl)
fi
# What the balancer is measured against: make bench skips that part without.
if [ "${HATOBA_BENCH_TOOLS:-}" = 1 ]; then
  command -v haproxy >/dev/null || missing+=(haproxy)
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "missing: ${missing[*]}. Install with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
