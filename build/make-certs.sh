#!/usr/bin/env bash
#
# Makes a certificate authority, and a server's and a client's certificate that it has signed, for trying TLS out.
#
#   build/make-certs.sh DIRECTORY [HOST-OR-ADDRESS...]
#
# The files have the names that vhdxd, libnbd (nbds://...?tls-certificates=DIRECTORY) and QEMU (tls-creds-x509) expect. The
# server's certificate is good for the hosts that are given, and always for localhost, 127.0.0.1 and ::1.
set -euo pipefail

directory=${1:?usage: make-certs.sh DIRECTORY [HOST-OR-ADDRESS...]}
shift
umask 077
mkdir -p "$directory"
cd "$directory"

names=DNS:localhost,IP:127.0.0.1,IP:::1
for host; do
    if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then names+=,IP:$host; else names+=,DNS:$host; fi
done

# As openssl's own words are only of interest when it fails.
quietly() {
    local said
    said=$("$@" 2>&1) || { echo "$said" >&2; exit 1; }
}

new_key() {
    quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

# NAME SUBJECT EXTENSIONS
signed() {
    new_key "$1-key.pem"
    quietly openssl req -new -key "$1-key.pem" -subj "/CN=$2" -out "$1.csr"
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n%s\n' "$3" >"$1.ext"
    quietly openssl x509 -req -in "$1.csr" -CA ca-cert.pem -CAkey ca-key.pem -set_serial "0x$(openssl rand -hex 12)" \
        -days 365 -extfile "$1.ext" -out "$1-cert.pem"
    rm "$1.csr" "$1.ext"
}

new_key ca-key.pem
quietly openssl req -x509 -new -key ca-key.pem -subj "/CN=vhdxd test authority" -days 365 -out ca-cert.pem \
    -addext keyUsage=critical,keyCertSign
signed server "vhdxd test server" "extendedKeyUsage=serverAuth
subjectAltName=$names"
signed client "vhdxd test client" "extendedKeyUsage=clientAuth"
ls -1 "$PWD"/*.pem
