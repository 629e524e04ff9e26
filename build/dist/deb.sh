#!/usr/bin/env bash
#
# Makes a Debian package of what dist.sh has put into the tarball.
#
#   build/dist/deb.sh TOP VERSION TIMESTAMP PACKAGE
set -euo pipefail

top=$1 version=$2 timestamp=$3 package=$4
source=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

mkdir -p "$tree"/{DEBIAN,etc,usr/bin,usr/lib/vhdxd}
# With their times, by which the AOT cache knows them.
cp -a "$top"/{bin,lib,runtime,vhdxd-server.jar} "$tree/usr/lib/vhdxd/"
mv "$tree/usr/lib/vhdxd/lib/systemd" "$tree/usr/lib/systemd"
cp -a "$top/share" "$tree/usr/share"
gzip -n9 "$tree"/usr/share/man/man1/*
ln -s ../lib/vhdxd/bin/vhdxd "$tree/usr/bin/vhdxd"
cp "$source/vhdxd.toml" "$tree/etc/"
cp "$source"/debian/* "$tree/DEBIAN/"
# Debian sorts a '~' before the version without it, as Maven does with a snapshot.
sed -i "s/@VERSION@/${version/-SNAPSHOT/\~snapshot}/; s/@SIZE@/$(du -sk "$tree" | cut -f1)/" "$tree/DEBIAN/control"

chmod -R u=rwX,go=rX "$tree"
find "$tree" -exec touch -h -d "$timestamp" {} +
SOURCE_DATE_EPOCH=$(date -d "$timestamp" +%s) dpkg-deb -Zgzip --root-owner-group --build "$tree" "$package" >/dev/null
