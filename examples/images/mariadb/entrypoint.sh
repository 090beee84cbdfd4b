#!/bin/bash
# First start: makes the database, its user and their passwords from the environment, as the official image does. Then runs the server.
set -euo pipefail

# A setting, or the content of the file that NAME_FILE names.
setting() {
  local name=$1 file=${1}_FILE
  if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
    echo "both $name and $file are set; use one" >&2
    exit 1
  fi
  if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!name:-}"; fi
}

quoted() { # text as an SQL string
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\\\'}"
}

data=/var/lib/mysql
if [ "${1:-}" = mariadbd ] && [ ! -d "$data/mysql" ]; then
  database=$(setting MARIADB_DATABASE) user=$(setting MARIADB_USER)
  password=$(setting MARIADB_PASSWORD) root=$(setting MARIADB_ROOT_PASSWORD)
  if [ -z "$root" ] && [ -n "${MARIADB_RANDOM_ROOT_PASSWORD:-}" ]; then
    root=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  fi
  if [ -z "$root" ] && [ -z "${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}" ]; then
    echo "the database is not set up: set MARIADB_ROOT_PASSWORD, MARIADB_RANDOM_ROOT_PASSWORD or MARIADB_ALLOW_EMPTY_ROOT_PASSWORD" >&2
    exit 1
  fi
  chown -R mysql:mysql "$data"
  mariadb-install-db --user=mysql --datadir="$data" --skip-test-db --auth-root-authentication-method=normal >/dev/null
  {
    echo "FLUSH PRIVILEGES;"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$root");"
    echo "CREATE USER 'healthcheck'@'127.0.0.1';"
    if [ -n "$database" ]; then echo "CREATE DATABASE \`$database\` CHARACTER SET utf8mb4;"; fi
    if [ -n "$user" ]; then
      echo "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$password");"
      if [ -n "$database" ]; then echo "GRANT ALL ON \`$database\`.* TO $(quoted "$user")@'%';"; fi
    fi
  } | mariadbd --user=mysql --bootstrap --skip-networking 2>/dev/null
  echo "the database is set up"
fi
[ "${1:-}" != mariadbd ] || set -- "$@" --user=mysql
exec "$@"
