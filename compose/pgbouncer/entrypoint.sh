#!/bin/sh
# Fills in PgBouncer's configuration and becomes PgBouncer. The users come from a mounted file
# (PGBOUNCER_USERLIST) or from the passwords in the environment.
set -eu

home=/run/portal
if [ -z "${PGBOUNCER_USERLIST:-}" ]; then
    PGBOUNCER_USERLIST=$home/userlist.txt
    umask 077
    {
        printf '"portal_owner" "%s"\n' "$PORTAL_OWNER_PASSWORD"
        printf '"portal_cases_api" "%s"\n' "$PORTAL_CASES_API_PASSWORD"
        printf '"portal_locks_api" "%s"\n' "$PORTAL_LOCKS_API_PASSWORD"
        printf '"portal_export_worker" "%s"\n' "$PORTAL_EXPORT_WORKER_PASSWORD"
        printf '"portal_monitor" "%s"\n' "$PORTAL_MONITOR_PASSWORD"
    } > "$PGBOUNCER_USERLIST"
fi
export PGBOUNCER_USERLIST
envsubst < /etc/portal/pgbouncer.ini.template > "$home/pgbouncer.ini"
exec pgbouncer "$home/pgbouncer.ini"
