#!/usr/bin/env bash
#
# Makes the guest that the tests boot in QEMU: Debian's kernel for clouds, which is downloaded and unpacked but not
# installed, and a file system in memory with busybox, nbd-client and the programs for ext4 and XFS.
#
#   build/guest.sh DIRECTORY
#
# The guest obeys what it reads from its second serial line: see build/guest-init.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
out=${1:?a directory is needed}
programs=(nbd-client qemu-nbd mkfs.ext4 e2fsck mkfs.xfs xfs_repair xfs_io)
modules=(virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net
    virtio_blk nbd libcrc32c xfs)
PATH=$PATH:/usr/sbin:/sbin

[[ $(uname -m) == x86_64 ]] || { echo "guest.sh: only for x86_64" >&2; exit 1; }
parts=$(for program in "${programs[@]}" busybox; do md5sum "$(command -v "$program")"; done
    md5sum "$here/guest.sh" "$here/guest-init")
# Made already, of the same parts?
[[ -e $out/parts && $parts == "$(cat "$out/parts")" ]] && exit 0

package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-/ { print $2; exit }')
[[ -n $package ]] || { echo "guest.sh: apt-get knows no linux-image-cloud-amd64 (apt-get update?)" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$out" "$work/download" "$work/kernel" "$root"/{bin,dev,etc,lib/modules,mnt,proc,run,sbin,sys,tmp}
chmod 777 "$work" "$work/download" # apt-get downloads as a user of its own
(cd "$work/download" && apt-get -qq download "$package" >/dev/null)
dpkg-deb -x "$work"/download/*.deb "$work/kernel"

cp "$(command -v busybox)" "$root/bin/"
for program in "${programs[@]}"; do
    path=$(command -v "$program")
    cp -L "$path" "$root/sbin/$program"
    ldd "$path" | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$root${library%/*}"
        cp -Ln "$library" "$root$library"
    done
done
cp /etc/mke2fs.conf "$root/etc/"
for module in "${modules[@]}"; do
    find "$work/kernel/lib/modules" -name "$module.ko" -exec cp {} "$root/lib/modules/" \;
    echo "$module" >>"$root/lib/modules/order"
done
install -m 755 "$here/guest-init" "$root/init"

(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$out/initramfs.new"
cp "$work"/kernel/boot/vmlinuz-* "$out/kernel.new"
mv "$out/initramfs.new" "$out/initramfs"
mv "$out/kernel.new" "$out/kernel"
echo "$parts" >"$out/parts"
