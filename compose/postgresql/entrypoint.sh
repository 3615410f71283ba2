#!/bin/sh
# Makes a database cluster where there is none and becomes PostgreSQL. POSTGRES_PASSWORD is the
# superuser's, and is read the first time only.
set -eu

data=/var/lib/portal/data/17
if [ ! -s "$data/PG_VERSION" ]; then
    password=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" > "$password"
    initdb --username=postgres --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
        --pwfile="$password" -D "$data"
    rm "$password"
    echo 'host all all all scram-sha-256' >> "$data/pg_hba.conf"
fi
exec postgres -D "$data" \
    -c config_file=/etc/portal/postgresql.conf \
    -c data_directory="$data" \
    -c hba_file="$data/pg_hba.conf" \
    -c ident_file="$data/pg_ident.conf" \
    -c listen_addresses='*' \
    -c unix_socket_directories=/tmp
