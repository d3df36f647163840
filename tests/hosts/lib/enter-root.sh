#!/bin/sh
# Input: work directory, lower layers (a:b:c, topmost first), upper directory, then paths to show inside.
# Output: "ready" once the mounts of a test host stand; then sleeps, holding them.
# Requirements: root, in mount, uts and ipc namespaces of its own.
set -eu
work=$1 lower=$2 upper=$3
shift 3
root=$work/root

# volatile: nothing of a test host has to survive a power cut, so fsync may cost nothing.
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work/work,volatile" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mkdir -p sys/fs/cgroup
mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
mount -t tmpfs -o mode=755 dev dev
# Its own: what a host does to /dev/null, its udev for one, is not done to this machine's.
while read -r name numbers; do
    # shellcheck disable=SC2086  # two words
    mknod -m 666 "dev/$name" c $numbers
done <<NODES
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
NODES
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
for path in "$@"; do
    if [ -d "$path" ]; then mkdir -p ".$path"; else mkdir -p ".$(dirname "$path")"; [ -e ".$path" ] || : > ".$path"; fi
    mount --bind "$path" ".$path"
done
hostname testhost
ip link set lo up
pivot_root . .
umount -l .
echo ready
exec sleep infinity
