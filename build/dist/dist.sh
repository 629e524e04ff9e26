#!/usr/bin/env bash
#
# Makes the self-contained tarball and the Debian package of a build; `mvn -Pdist package` calls it when the jars are there.
#
#   build/dist/dist.sh VERSION TIMESTAMP
#
# TIMESTAMP, of ISO 8601, is the time that every file gets: the same sources make the same tarball, but for the AOT cache.
set -euo pipefail

version=$1 timestamp=$2
root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..
target=$root/server/target
name=vhdxd-$version
top=$target/dist/$name
# shellcheck source=build/find-jdk.sh
source "$root/build/find-jdk.sh"
find_jdk

rm -rf "$target/dist"
mkdir -p "$top"/{bin,lib/systemd/system,share/man/man1,share/bash-completion/completions,share/doc/vhdxd}

# The modules that the classes use, by jdeps, and what is needed beside them: jdk.jcmd, for who looks at a running server.
"$JDK/bin/jlink" --output "$top/runtime" --strip-java-debug-attributes --no-header-files --no-man-pages \
    --add-modules "$(<"$root/build/java.modules")"

cp "$target/vhdxd-server.jar" "$top/"
cp "$target"/lib/*.jar "$top/lib/"
rm -f "$top"/lib/*-linux-aarch_64.jar
cp "$root/build/jvm.options" "$top/lib/"
install -m 755 "$root/build/dist/vhdxd" "$top/bin/vhdxd"
cp "$root"/build/dist/vhdxd.s* "$top/lib/systemd/system/"
cp "$root/README.md" "$target/THIRD-PARTY.txt" "$target/vhdxd-sbom.json" "$top/share/doc/vhdxd/"
"$JDK/bin/java" -cp "$top/vhdxd-server.jar" "$root/build/dist/ManPages.java" "$top/share/man/man1"
"$top/bin/vhdxd" generate-completion >"$top/share/bash-completion/completions/vhdxd"

# The cache knows its jars and its runtime by their sizes and times, so they get these before it is made.
find "$top" -exec touch -h -d "$timestamp" {} +
"$root/build/aot-cache.sh" "$top/runtime/bin/java" "$top/lib/jvm.options" "$top/vhdxd-server.jar" "$top/lib/vhdxd.aot"
find "$top" -exec touch -h -d "$timestamp" {} +
chmod -R u=rwX,go=rX "$top"

tar -C "$target/dist" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -n \
    >"$target/$name-linux-x86_64.tar.gz"

# Elsewhere than on Debian there is the tarball alone.
if command -v dpkg-deb >/dev/null; then
    "$root/build/dist/deb.sh" "$top" "$version" "$timestamp" "$target/vhdxd_${version}_amd64.deb"
fi
