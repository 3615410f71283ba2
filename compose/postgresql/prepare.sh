#!/bin/sh
# Prepares an installation for its first migration: roles, passwords, database and the key that
# signs tokens. Running it again changes only passwords that are new. The address and the
# superuser's password come from PGHOST and PGPASSWORD.
set -eu

psql -X -q -v ON_ERROR_STOP=1 -U postgres -d postgres -f /etc/portal/roles.sql
key=/var/lib/portal/keys/signing-key.pem
if [ ! -s "$key" ]; then
    umask 077
    openssl genpkey -quiet -algorithm ed25519 -out "$key.new"
    mv "$key.new" "$key"
fi
