#!/bin/bash
# First start: puts WordPress into the volume, with keys of its own. wp-config.php goes last: the health check waits for it.
set -euo pipefail
if [ ! -e wp-config.php ]; then
  tar -C /usr/src/wordpress --exclude ./wp-config.php -cf - . | tar -xf -
  for key in AUTH_KEY SECURE_AUTH_KEY LOGGED_IN_KEY NONCE_KEY AUTH_SALT SECURE_AUTH_SALT LOGGED_IN_SALT NONCE_SALT; do
    printf "define('%s', '%s');\n" "$key" "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
  done | { echo '<?php'; cat; } >wp-keys.php
  cp /usr/src/wordpress/wp-config.php wp-config.new
  chown -R www-data:www-data .
  mv wp-config.new wp-config.php
  echo "WordPress is in place"
fi
exec "$@"
