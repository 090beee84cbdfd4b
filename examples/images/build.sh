#!/bin/sh
# Builds stand-ins for the examples' official images from Debian 12's packages, for machines that reach a Debian mirror but no registry.
#
# usage: examples/images/build.sh [mariadb] [wordpress] [nginx] [python] [registry] [debian]        all unless named
#
# They go to the engine at DOCKER_HOST, else to Docker's, else to windlass's own; the docker command is not needed. What to put into .env
# is printed last, a line an image. An image whose files here have not changed is taken from the engine, or from the cache folder
# ($XDG_CACHE_HOME/windlass/images), instead of being built again.
# Needs root and debootstrap, for the base image. The mirror is the one that this system's apt uses.
set -eu
cd "$(dirname "$0")"
prefix=windlass-example
# The project's own Node.js, where it is installed.
node=../../node_modules/.bin/node
[ -x "$node" ] || node=node
cache=${XDG_CACHE_HOME:-$HOME/.cache}/windlass/images
# One build at a time: a second one finds what the first one made.
if [ -z "${WINDLASS_IMAGES_LOCKED:-}" ]; then
  mkdir -p "$cache"
  WINDLASS_IMAGES_LOCKED=1 exec flock "$cache/lock" ./build.sh "$@"
fi
names=${*:-debian mariadb wordpress nginx python registry}
version() {
  case $1 in
    debian) echo 12 ;;
    mariadb) echo 10.11 ;;
    nginx) echo 1.22 ;;
    python) echo 3.11 ;;
    registry) echo 2.8 ;;
    wordpress) echo 6.1 ;;
    *) echo "build.sh: no image \"$1\"" >&2; exit 2 ;;
  esac
}
say() { echo "$*" >&2; }

work=$(mktemp -d "${TMPDIR:-/var/tmp}/windlass-images-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

engine() { "$node" ../../scripts/engine-images.ts "$@"; }

# What an image is made of, in one word: a label on it, and part of its file's name in the cache.
key_of() { # FILE-OR-FOLDER...
  find "$@" -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c1-16
}

has() { # IMAGE KEY
  [ "$(engine key "$1")" = "$2" ]
}

# Takes IMAGE from the engine or the cache, or builds it with FUNCTION and puts it into the cache.
provide() { # IMAGE KEY FUNCTION ARGUMENTS...
  image=$1 key=$2
  shift 2
  file=$cache/$(echo "$image" | tr / _)-$key.tar
  if has "$image" "$key"; then return; fi
  if [ -s "$file" ]; then
    say "loading $image from the cache"
    engine load "$file" && if has "$image" "$key"; then return; fi
  fi
  say "building $image from Debian packages"
  "$@" "$image" "$key"
  mkdir -p "$cache"
  # What nobody has built for a week is of an older state of these files.
  find "$cache" -name "$(echo "$image" | tr / _)-*.tar" -mtime +7 -delete
  engine save "$image" "$file.new"
  mv "$file.new" "$file"
}

# The first "deb" mirror of Debian itself in apt's sources, old or new format.
mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -n -e 's/^URIs:[[:space:]]*\([^[:space:]]*\/debian\)\/\{0,1\}[[:space:]]*$/\1/p' \
      -e 's/^deb[[:space:]]\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\/debian\)\/\{0,1\}[[:space:]].*/\2/p' | head -n 1
}

# Debian 12 without what containers do not use: documentation, translations, package lists.
build_base() { # IMAGE KEY
  from=$(mirror)
  [ -n "$from" ] || { say "build.sh: no Debian mirror in apt's sources"; exit 1; }
  [ "$(id -u)" = 0 ] || { say "build.sh: debootstrap needs root; run this with sudo"; exit 1; }
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" "$from" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; exit 1; }
  cp dpkg-excludes "$work/root/etc/dpkg/dpkg.cfg.d/excludes"
  printf 'deb %s bookworm main\ndeb %s bookworm-updates main\n' "$from" "$from" >"$work/root/etc/apt/sources.list"
  printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
  chmod 755 "$work/root/usr/sbin/policy-rc.d"
  for unused in doc man info locale; do rm -rf "$work/root/usr/share/$unused"/*; done
  rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/* "$work"/root/dev/*
  tar -C "$work/root" --numeric-owner --one-file-system -cf - . |
    engine import "$1" "$2"
  rm -rf "$work/root"
}

build_image() { # FOLDER IMAGE KEY
  engine build "$1" "$2" "$3" "$base"
}

base=$prefix/debian:12
base_key=$(key_of build.sh dpkg-excludes)
provide "$base" "$base_key" build_base
for name in $names; do
  [ "$name" != debian ] || continue
  provide "$prefix/$name:$(version "$name")" "$(key_of build.sh dpkg-excludes "$name")" build_image "$name"
done
for name in $names; do
  echo "$(echo "$name" | tr a-z A-Z)_IMAGE=$prefix/$name:$(version "$name")"
done
