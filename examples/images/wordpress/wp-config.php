<?php
// Settings from the environment, as the official image's: each may come as a value or, with _FILE, as the name of a file.
function setting($name, $default) {
    $file = getenv($name . '_FILE');
    if ($file !== false && $file !== '') {
        return rtrim(file_get_contents($file), "\r\n");
    }
    $value = getenv($name);
    return $value === false || $value === '' ? $default : $value;
}

define('DB_NAME', setting('WORDPRESS_DB_NAME', 'wordpress'));
define('DB_USER', setting('WORDPRESS_DB_USER', 'wordpress'));
define('DB_PASSWORD', setting('WORDPRESS_DB_PASSWORD', ''));
define('DB_HOST', setting('WORDPRESS_DB_HOST', 'mysql'));
define('DB_CHARSET', setting('WORDPRESS_DB_CHARSET', 'utf8mb4'));
define('DB_COLLATE', setting('WORDPRESS_DB_COLLATE', ''));
define('WP_DEBUG', (bool) setting('WORDPRESS_DEBUG', ''));
// This image is for machines without a way out: without this, each page of the dashboard would wait for update servers.
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
$table_prefix = setting('WORDPRESS_TABLE_PREFIX', 'wp_');

require __DIR__ . '/wp-keys.php';
if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
