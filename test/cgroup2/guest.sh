#!/bin/busybox sh
# Runs inside the guest.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup
while read -r m; do insmod "/lib/modules/$m" 2>/dev/null; done </etc/modules.list
ip link set lo up
echo "GUEST BEGIN"
echo "kernel $(uname -r), controllers: $(cat /sys/fs/cgroup/cgroup.controllers)"
cd /demo
hatoba demo --app ./app --data-dir /var/lib/hatoba </dev/null
code=$?
[ $code = 0 ] && { sh /clock.sh; code=$?; }
leftover=$(find /sys/fs/cgroup -type d -name '*hatoba*')
if [ -n "$leftover" ]; then echo "left behind: $leftover"; code=1; fi
echo "GUEST END $code"
poweroff -f
