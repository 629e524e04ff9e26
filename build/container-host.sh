#!/usr/bin/env bash
#
# A container engine for the tests, apart from any other on this machine, and the base of their images. No image is pulled:
# the base is a small Debian, made with the package sources of this machine.
#
#   build/container-host.sh start DIRECTORY    starts dockerd, as root; prints the DOCKER_HOST to use
#   build/container-host.sh stop DIRECTORY     ends it, and with it all of its containers
#
# It does not start beside another dockerd, whose rules of iptables it would replace. Rules of its own stay after the stop.
# DIRECTORY keeps the engine's data, its log (dockerd.log) and the base, vhdxd-test-base, which later starts find there.
set -euo pipefail

readonly SUITE=bookworm PACKAGES=libnbd-bin BASE=vhdxd-test-base BRIDGE=vhdxd-test0
PATH=$PATH:/usr/sbin:/sbin

fail() {
    echo "container-host.sh: $*" >&2
    exit 1
}

# The process that start has left; nothing if there is none, or its number belongs to another one by now.
running() {
    local pid
    pid=$(cat "$home/dockerd.pid" 2>/dev/null) || return 0
    if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "--pidfile $home/dockerd.pid"; then
        echo "$pid"
    fi
}

# Where apt gets this machine's Debian from.
mirror() {
    apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' 'Component: main' |
        awk -v suite="$SUITE" '$2 == suite { print $1; exit }'
}

make_base() {
    local archive=$home/$BASE.tar site
    docker -H "$host" image inspect "$BASE" >/dev/null 2>&1 && return 0
    if [[ ! -e $archive ]]; then
        site=$(mirror)
        [[ -n $site ]] || fail "apt knows no source of $SUITE"
        rm -rf "$home/base"
        debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$home/base" "$site" >"$home/debootstrap.log" 2>&1 ||
            fail "debootstrap failed: $(tail -n 3 "$home/debootstrap.log")"
        rm -rf "$home"/base/var/cache/apt/* "$home"/base/var/lib/apt/lists/*
        tar -C "$home/base" --numeric-owner -cf "$archive.new" .
        mv "$archive.new" "$archive"
        rm -rf "$home/base"
    fi
    docker -H "$host" import "$archive" "$BASE" >/dev/null
}

start() {
    [[ $(id -u) == 0 ]] || fail "dockerd needs root"
    mkdir -p "$home"
    if [[ -z $(running) ]]; then
        rm -f "$home/dockerd.pid" "$home/docker.sock"
        ! pgrep -x dockerd >/dev/null || fail "another dockerd is running here"
        ip link show "$BRIDGE" >/dev/null 2>&1 || ip link add "$BRIDGE" type bridge
        setsid dockerd --data-root "$home/data" --exec-root "$home/run" --pidfile "$home/dockerd.pid" --host "$host" \
            --bridge "$BRIDGE" --ip-forward=false >"$home/dockerd.log" 2>&1 </dev/null &
        timeout 60 bash -c 'until docker -H "$1" version >/dev/null 2>&1; do kill -0 "$2" || exit 1; sleep 0.2; done' \
            _ "$host" $! 2>/dev/null || fail "dockerd does not start: $(tail -n 3 "$home/dockerd.log")"
    fi
    make_base
    echo "$host"
}

stop() {
    local pid
    pid=$(running)
    [[ -n $pid ]] || return 0
    kill "$pid"
    timeout 60 tail --pid="$pid" -f /dev/null || fail "dockerd ($pid) does not end"
    ip link delete "$BRIDGE"
}

[[ $# == 2 && $1 =~ ^(start|stop)$ ]] || fail "start DIRECTORY or stop DIRECTORY"
home=$(realpath -m "$2")
host=unix://$home/docker.sock
# The kernel takes no longer path to a socket.
((${#home} <= 90)) || fail "$home is too long a path for a socket"
"$1"
