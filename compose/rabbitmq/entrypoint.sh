#!/bin/sh
# Fills in RabbitMQ's configuration and becomes the node. Everything that is written lies in HOME.
set -eu

umask 077
cookie=$HOME/.erlang.cookie
if [ ! -s "$cookie" ]; then
    od -An -N20 -tx1 /dev/urandom | tr -d ' \n' > "$cookie"
    chmod 400 "$cookie"
fi
envsubst < /etc/portal/rabbitmq.conf.template > "$HOME/rabbitmq.conf"

# The data carries the node's name, which must not follow the container's.
export RABBITMQ_NODENAME=portal@localhost
export RABBITMQ_NODE_PORT="$RABBITMQ_PORT"
export RABBITMQ_MNESIA_BASE="$HOME/mnesia"
export RABBITMQ_LOG_BASE="$HOME/log"
export RABBITMQ_CONFIG_FILE="$HOME/rabbitmq.conf"
export RABBITMQ_CONF_ENV_FILE=/dev/null
export RABBITMQ_ENABLED_PLUGINS_FILE=/etc/rabbitmq/enabled_plugins
export RABBITMQ_GENERATED_CONFIG_DIR="$HOME/generated"
export RABBITMQ_PID_FILE="$HOME/node.pid"
# Busy-waiting schedulers would take processors from the services they serve.
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+sbwt none +sbwtdcpu none +sbwtdio none"
exec /usr/lib/rabbitmq/bin/rabbitmq-server
