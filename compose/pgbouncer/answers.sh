#!/bin/bash
# Whether PgBouncer answers: ends with 0 when it replies to the first question of the protocol,
# whether it speaks TLS (SSLRequest). That a connection opens says less: the kernel opens it, also
# while the process hangs.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$PGBOUNCER_PORT"
printf '\0\0\0\10\4\322\26\57' >&3
read -r -t 2 -n 1 <&3
