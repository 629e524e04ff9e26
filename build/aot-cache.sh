#!/usr/bin/env bash
#
# Makes the JVM's AOT cache of a build: what a short run of the server loads and links, ready to be mapped. A start with
# it takes about half the time. It fits one JDK and one place of the jars; with any other the JVM starts without it.
#
#   build/aot-cache.sh JAVA JVM-OPTIONS JAR CACHE
set -euo pipefail

java=$1 options=$2 jar=$3 cache=$4
work=$(mktemp -d)
server=
clean_up() {
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

"$java" "@$options" -XX:AOTCacheOutput="$cache" -Xlog:disable -jar "$jar" \
    serve --listen 127.0.0.1:0 --create 1G "$work/disk.vhdx" >"$work/out" 2>&1 &
server=$!

port=
for ((tries = 0; tries < 600; tries++)); do
    port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/out")
    [[ -z $port ]] || break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
[[ -n $port ]] || { cat "$work/out" >&2; exit 1; }

# A client's whole life, as bytes: fixed newstyle, structured replies, GO; then write, read, flush, trim, zeroes, DISC.
u16() { printf '\\x%02x\\x%02x' $(($1 >> 8 & 255)) $(($1 & 255)); }
u32() { u16 $(($1 >> 16)); u16 $(($1 & 65535)); }
request() { u32 0x25609513; u16 0; u16 "$1"; u32 0; u32 "$1"; u32 0; u32 "$2"; u32 "$3"; }
bytes=$(
    u32 3
    printf IHAVEOPT; u32 8; u32 0
    printf IHAVEOPT; u32 7; u32 10; u32 4; printf disk; u16 0
    request 1 0 1; printf x
    request 0 0 4096
    request 3 0 0
    request 4 0 4096
    request 6 0 4096
    request 2 0 0
)
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf "$bytes" >&3
timeout 30 cat <&3 >"$work/replies"
exec 3>&-

kill "$server"
wait "$server"
server=
