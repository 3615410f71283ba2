#!/bin/sh
# Assembles the root file system of a service's image: the programs, the libraries that they load,
# certificates to trust, and a user. Nothing else: no shell, no package manager.
#
#   assemble.sh ROOT PROGRAM...
set -eu

root=$1
shift

mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/tmp" "$root/var/lib/portal/blobs"
chmod 1777 "$root/tmp"
for program in "$@"; do
    cp "$program" "$root/usr/local/bin/"
    # The loader and the libraries, under the names that the loader looks for.
    ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
done
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'portal:x:65532:65532:portal:/nonexistent:/usr/sbin/nologin' > "$root/etc/passwd"
echo 'portal:x:65532:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
