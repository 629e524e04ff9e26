#!/usr/bin/env bash
#
# Makes the JVM's AOT cache of a build: what a short run of the server loads and links, ready to be mapped, and what the
# compiler learns in it of the ways that requests take. A start with it takes about half the time. It fits one JDK and one
# place of the jars; with any other the JVM starts without it.
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

: >"$work/out"
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

# A client's life, as bytes: fixed newstyle, structured replies, GO; then requests, and DISC.
u16() { printf "\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 & 255)))"; }
u32() { u16 $(($1 >> 16)); u16 $(($1 & 65535)); }
request() { u32 0x25609513; u16 0; u16 "$1"; u32 0; u32 "$1"; u32 0; u32 "$2"; u32 "$3"; }
payload() { head -c "$1" /dev/zero; }
repeat() { local i; for ((i = 0; i < $1; i++)); do cat "$2"; done; }
{
    u32 3
    printf IHAVEOPT; u32 8; u32 0
    printf IHAVEOPT; u32 7; u32 10; u32 4; printf disk; u16 0
} >"$work/handshake"
# Reads and overwrites.
{
    for ((i = 0; i < 8; i++)); do request 0 4096 4096; done
    for ((i = 0; i < 4; i++)); do request 1 $((i * 4096)) 4096; payload 4096; done
    request 0 0 65536
} >"$work/present"
# Blocks that come, are flushed, and go.
{
    for ((i = 0; i < 16; i++)); do request 1 $(((i + 1) * 33554432)) 4096; payload 4096; done
    request 3 0 0
    request 4 33554432 536870912
    request 6 0 4096
} >"$work/new"
{
    cat "$work/handshake"
    for ((i = 0; i < 100; i++)); do
        repeat 25 "$work/present"
        cat "$work/new"
    done
    request 2 0 0
} >"$work/client"

exec 3<>"/dev/tcp/127.0.0.1/$port"
timeout 120 cat <&3 >/dev/null &
replies=$!
timeout 120 cat "$work/client" >&3
wait "$replies"
exec 3>&-

kill "$server"
wait "$server"
server=
