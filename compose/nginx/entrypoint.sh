#!/bin/sh
# Fills in nginx's configuration and becomes nginx. Everything that is written lies in HOME_DIR, so
# that the root file system can be read-only.
set -eu

HOME_DIR=/run/portal
USER_LINE=
GATEWAY_ACCESS_LOG=/dev/stdout
GATEWAY_CSP=$(cat /etc/portal/content-security-policy)
export HOME_DIR USER_LINE GATEWAY_ACCESS_LOG GATEWAY_CSP

# Only the names of ours: nginx's own variables look much alike.
# shellcheck disable=SC2016
envsubst '${HOME_DIR} ${USER_LINE} ${GATEWAY_WORKERS}' < /etc/portal/nginx.conf.template > "$HOME_DIR/nginx.conf"
# shellcheck disable=SC2016
envsubst '${CASES_API_SERVERS} ${LOCKS_API_SERVERS} ${GATEWAY_LISTEN} ${GATEWAY_ACCESS_LOG} ${GATEWAY_WEB_ROOT} ${GATEWAY_CSP}' \
    < /etc/portal/gateway.conf.template > "$HOME_DIR/gateway.conf"
exec nginx -e stderr -p "$HOME_DIR" -c "$HOME_DIR/nginx.conf"
