#!/usr/bin/env bash
#
# Sends the probes of the tests to vhdxd, qemu-nbd and nbdkit, records what the other two answer, and writes
# docs/conformance.md anew. Takes a JDK, Maven, qemu-nbd, nbdkit and openssl.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
# shellcheck source=build/find-jdk.sh
source "$root/build/find-jdk.sh"
find_jdk
for test in OtherServersTest#recorded ConformanceTableTest#current; do
    JAVA_HOME=$JDK VHDXD_STRICT=1 mvn -f "$root/pom.xml" -B -ntp -q test -pl server -am -Dtest="$test" \
        -Dsurefire.failIfNoSpecifiedTests=false -Dvhdxd.conformance.write=true </dev/null
done
echo "$root/docs/conformance.md"
