#!/bin/sh
# Makes the passwords of docker-compose.yml, as far as they are not there yet. Arguments are run afterwards, to look at one.
set -eu
umask 077

password() { # FILE
	[ -s "$1" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$1"
}
hash() { # FILE
	printf %s "$(cat "$1")" | sha256sum | cut -d' ' -f1
}

password /run/clickhouse/cskpi
password /run/clickhouse/analyst
password /run/grafana/clickhouse_password
password /run/grafana/admin_password
printf 'clickhouse://cskpi:%s@clickhouse:9000\n' "$(cat /run/clickhouse/cskpi)" >/run/cskpi/clickhouse_url
printf '<clickhouse><cskpi_password>%s</cskpi_password><cskpi_analyst_password>%s</cskpi_analyst_password><cskpi_grafana_password>%s</cskpi_grafana_password></clickhouse>\n' \
	"$(hash /run/clickhouse/cskpi)" "$(hash /run/clickhouse/analyst)" "$(hash /run/grafana/clickhouse_password)" >/run/clickhouse/passwords.xml

# Each to whom it is for, and to nobody else. Past days go into Prometheus' volume as its user, who reads the URL, too.
chown -R 101:101 /run/clickhouse
chown -R 472:0 /run/grafana
chown -R 65532:65534 /run/cskpi
chmod 500 /run/clickhouse /run/grafana
chmod 550 /run/cskpi
chmod 440 /run/cskpi/clickhouse_url
exec "$@"
