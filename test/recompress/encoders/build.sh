#!/usr/bin/env bash
# Builds one encoder program: build.sh FOLDER VERSION OUTPUT.
#
# FOLDER/versions/VERSION.mod and .sum pin the modules. A VERSION such as go1.26.8 pins the Go
# toolchain, since Go's own gzip comes with it; Go fetches toolchains through its module proxy.
set -euo pipefail

folder=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/$1" && pwd -P)
version=$2
output=$3

case $version in go*) export GOTOOLCHAIN=$version ;; esac
tags=
[ ! -e "$folder/versions/$version.tags" ] || tags=$(cat "$folder/versions/$version.tags")
cd "$folder"
exec nice go build -p 2 -trimpath -buildvcs=false -tags "$tags" -modfile "versions/$version.mod" -o "$output" .
