#!/bin/bash
# healthcheck.sh --connect --innodb_initialized: does the server answer over TCP, and is its storage engine up?
set -euo pipefail
query() {
  mariadb --user=healthcheck --protocol=tcp --host=127.0.0.1 --connect-timeout=3 --skip-column-names --batch --execute "$1"
}
for wanted in "$@"; do
  case $wanted in
    --connect) query 'SELECT 1' >/dev/null ;;
    --innodb_initialized) [ "$(query "SELECT 1 FROM information_schema.ENGINES WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT')")" = 1 ] ;;
    *) echo "healthcheck.sh: unknown \"$wanted\"" >&2; exit 2 ;;
  esac
done
