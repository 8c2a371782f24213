#!/usr/bin/env bash
# Runs the demo on a kernel with cgroup v2 only, and sets the clock there while
# tasks run: a small QEMU guest, booted from Debian's cloud kernel and an
# initramfs made here. Nothing is installed but QEMU; the kernel is only
# unpacked, under .cache.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=$PWD/.cache/cgroup2
root=$cache/root
log=$cache/console.log
mkdir -p "$cache"

if ! command -v qemu-system-x86_64 >/dev/null || ! command -v cpio >/dev/null || ! command -v zstd >/dev/null || ! command -v depmod >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends qemu-system-x86 cpio zstd kmod >/dev/null
fi
if [ ! -d "$cache/kernel/boot" ]; then
  image=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/{print $2; exit}')
  (cd "$cache" && apt-get download -qq "$image" busybox-static 2>/dev/null && for deb in *.deb; do dpkg -x "$deb" kernel; done)
fi
modules=$(find "$cache/kernel" -type d -path '*/lib/modules/*' -prune -print -quit)
release=$(basename "$modules")
kernel=$(find "$cache/kernel/boot" -name 'vmlinuz-*' -print -quit)
busybox=$(find "$cache/kernel" -path '*/bin/busybox' -type f -print -quit)

# The guest's root: busybox, runc with its libraries, hatoba, the sample.
rm -rf "$root"
mkdir -p "$root"/{bin,sbin,etc,proc,sys,dev,run,tmp,var/lib,root,lib/modules/"$release"/kernel,usr/bin,demo}
cp "$busybox" "$root/bin/busybox"
for bin in "$(command -v runc)"; do
  cp "$bin" "$root/bin/"
  ldd "$bin" 2>/dev/null | awk '/=> \//{print $3} /^\t\/lib/{print $1}' | while read -r lib; do
    install -D "$lib" "$root$lib"
  done
done
cp bin/hatoba "$root/bin/hatoba"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$root/demo/app" ./examples/web
cp -r examples "$root/demo/examples"
[ -f "$modules/modules.dep" ] || depmod -b "${modules%/lib/modules/*}" "$release"
for wanted in overlay veth bridge br_netfilter nf_tables nft_masq nft_nat nft_redir nft_fib_ipv4 nft_fib_inet nft_chain_nat nft_ct nf_nat nf_conntrack; do
  modprobe -S "$release" -d "${modules%/lib/modules/*}" --show-depends "$wanted" 2>/dev/null | awk '/^insmod/{print $2}'
done | awk '!seen[$0]++' >"$cache/modules.list"
i=0
: >"$root/etc/modules.list"
while read -r module; do
  name=$(basename "$module")
  case "$name" in
    *.xz) xz -dc "$module" >"$root/lib/modules/${name%.xz}"; name=${name%.xz} ;;
    *.zst) zstd -qdc "$module" >"$root/lib/modules/${name%.zst}"; name=${name%.zst} ;;
    *) cp "$module" "$root/lib/modules/$name" ;;
  esac
  echo "$name" >>"$root/etc/modules.list"
done <"$cache/modules.list"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
printf 'nameserver 127.0.0.1\n' >"$root/etc/resolv.conf"
install -m 755 test/cgroup2/init "$root/init"
install -m 755 test/cgroup2/guest.sh test/cgroup2/clock.sh "$root/"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$cache/initramfs.gz"

echo "booting a guest with kernel $release and cgroup v2"
# The memory that the README asks for: room for seven of the sample's tasks.
timeout 600 qemu-system-x86_64 -m 3072 -smp 2 -nographic -no-reboot -net none \
  -kernel "$kernel" -initrd "$cache/initramfs.gz" \
  -append "console=ttyS0 quiet panic=-1" </dev/null >"$log" 2>&1 || true
sed -n '/GUEST BEGIN/,/GUEST END/p' "$log" | tr -d '\r'
if ! grep -q 'GUEST END 0' "$log"; then
  echo "the demo failed in the guest; its console is $log" >&2
  tail -40 "$log" >&2
  exit 1
fi
echo "cgroup v2: ok"
