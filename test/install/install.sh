#!/usr/bin/env bash
# Installs the programs that the tests run against (`npm run test:install`), then lists what this
# machine has. Debian packages need root; Go programs need a Go toolchain and land in its bin folder.
# What is already there stays untouched, so a second run takes a moment.
#
# Exit code: 0 when everything is there, or when this machine cannot have it and CI is not "true".
set -uo pipefail

here=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# Programs of the system administrator's folders count even where a user's PATH lacks them.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin
export DEBIAN_FRONTEND=noninteractive
failures=0

say() { printf 'test:install: %s\n' "$*"; }

complain() {
  say "$*" >&2
  failures=$((failures + 1))
}

# rows KIND...: the table's rows of these kinds, as "name binary kind source".
rows() {
  local name binary kind source
  while read -r name binary kind source; do
    case $name in '' | '#'*) continue ;; esac
    case " $* " in *" $kind "*) printf '%s %s %s %s\n' "$name" "$binary" "$kind" "$source" ;; esac
  done <"$here/tools.txt"
}

# retry COMMAND...: up to three tries, for networks and locks that fail now and then.
retry() {
  local try
  for try in 1 2 3; do
    "$@" && return 0
    say "try $try failed: $*" >&2
    [ "$try" = 3 ] || sleep $((try * 5))
  done
  return 1
}

settle_home() {
  [ -n "${HOME:-}" ] && [ -d "$HOME" ] && [ -w "$HOME" ] && return
  HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  export HOME
}

# --- Debian packages ---

is_debian() { command -v apt-get >/dev/null && command -v dpkg >/dev/null; }

missing_packages() {
  local name binary kind source
  rows apt | while read -r name binary kind source; do
    command -v "$binary" >/dev/null || printf '%s\n' "$source"
  done | sort -u
}

# Packages bring services along; the tests start their own, so none may start here, now or at boot.
without_services() {
  local policy=/usr/sbin/policy-rc.d placed=no status
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && placed=yes
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  "$@"
  status=$?
  if [ "$placed" = yes ]; then
    rm -f "$policy"
    trap - EXIT
  fi
  return "$status"
}

disable_services() {
  [ -d /run/systemd/system ] || return 0
  local package
  for package in "$@"; do
    case $package in
      docker.io) systemctl disable --quiet docker.service docker.socket ;;
      podman) systemctl disable --quiet podman.service podman.socket ;;
      docker-registry | redis-server | containerd) systemctl disable --quiet "$package.service" ;;
    esac
  done
}

apt() { apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >&2; }

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages)
  [ "${#packages[@]}" -gt 0 ] || return 0
  if ! is_debian; then
    say "not a Debian system: cannot install ${packages[*]}"
    return 0
  fi
  if [ "$(id -u)" != 0 ]; then
    say "not root: cannot install ${packages[*]}"
    return 0
  fi
  say "installing ${packages[*]}"
  retry apt update || complain "the package lists could not be read"
  retry without_services apt install --no-install-recommends "${packages[@]}" ||
    complain "apt-get could not install ${packages[*]}"
  disable_services "${packages[@]}"
}

# --- Go programs ---

go_bin() {
  local bin
  bin=$(go env GOBIN 2>/dev/null)
  [ -n "$bin" ] || bin=$(go env GOPATH 2>/dev/null | cut -d: -f1)/bin
  [ "$bin" != /bin ] || bin=${HOME:-}/go/bin
  printf '%s\n' "$bin"
}

# built_version FILE: the version of the Go module that the program's main package is from.
built_version() { go version -m "$1" 2>/dev/null | awk '$1 == "mod" { print $3; exit }'; }

go_install() {
  local name=$1 kind=$2 source=$3
  export GOFLAGS="${GOFLAGS:-} -p=2 -trimpath"
  if [ "$kind" = gotool ]; then
    (CDPATH='' cd "$here/tools/$name" && nice go install tool)
  else
    (CDPATH='' cd / && nice go install "$source")
  fi
}

install_go_programs() {
  local name binary kind source bin
  bin=$(go_bin)
  while read -r name binary kind source; do
    [ -x "$bin/$binary" ] && { ! command -v go >/dev/null || [ "$(built_version "$bin/$binary")" = "${source##*@}" ]; } && continue
    if ! command -v go >/dev/null; then
      say "no Go toolchain: cannot build $name (${source##*@})"
      continue
    fi
    say "building $name from $source"
    retry go_install "$name" "$kind" "$source" </dev/null || complain "$name could not be built from $source"
  done < <(rows go gotool)
}

# --- Encoders: Go programs of our own, each at several versions ---

# is_current FILE FOLDER VERSION: whether the program is of that version, and no older than its source.
is_current() {
  [ -x "$1" ] || return 1
  command -v go >/dev/null || return 0
  [ -z "$(find "$encoders/$2" -name '*.go' -newer "$1")" ] || return 1
  local facts # read whole: a grep that stops early would break the pipe
  facts=$(go version -m "$1" 2>/dev/null)
  grep -qwF "${3%%-*}" <<<"$facts"
}

install_encoders() {
  local name binary kind source bin folder version encoders=$here/../recompress/encoders
  bin=$(go_bin)
  while read -r name binary kind source; do
    folder=${source%@*}
    version=${source##*@}
    is_current "$bin/$binary" "$folder" "$version" && continue
    if ! command -v go >/dev/null; then
      say "no Go toolchain: cannot build $binary"
      continue
    fi
    say "building $binary"
    retry "$encoders/build.sh" "$folder" "$version" "$bin/$binary" </dev/null || complain "$binary could not be built"
  done < <(rows encoder)
}

# --- The list ---

version_of() {
  local file=$1 kind=$2 source=$3 version=
  case $kind in
    go | gotool) version=$(built_version "$file") ;;
    encoder) version=${source##*@} ;;
    apt) # A copy below /usr/local is not the package's.
      case $file in /usr/local/*) ;; *) version=$(dpkg-query -W -f '${Version}' "$source" 2>/dev/null) ;; esac
      ;;
    host) [ "${file##*/}" = go ] && version=$("$file" env GOVERSION 2>/dev/null) ;;
  esac
  printf '%s\n' "${version:--}"
}

# Prints every program with its version and place, and sets `absent` to the number that is missing.
list_tools() {
  local name binary kind source bin file
  bin=$(go_bin)
  absent=0
  printf '%-20s %-34s %s\n' TOOL VERSION WHERE
  while read -r name binary kind source; do
    case $kind in
      go | gotool | encoder) file=$(PATH=$bin:$PATH command -v "$binary") ;;
      *) file=$(command -v "$binary") ;;
    esac
    if [ -n "$file" ]; then
      printf '%-20s %-34s %s\n' "$name" "$(version_of "$file" "$kind" "$source")" "$file"
    else
      printf '%-20s %-34s %s\n' "$name" MISSING "$source"
      absent=$((absent + 1))
    fi
  done < <(rows host apt go gotool encoder)
}

settle_home
install_packages
install_go_programs
install_encoders
list_tools
if [ "$absent" -gt 0 ]; then
  say "$absent of the programs are missing; the tests that need them are skipped, or fail with CI=true"
  [ "${CI:-}" != true ] || failures=$((failures + 1))
fi
[ "$failures" = 0 ]
