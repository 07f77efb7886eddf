#!/bin/sh
# install-packages.sh - the one list of Debian 12 packages that building, testing and running fwledger need.
# Installs what is missing, as root or through sudo; does nothing, and needs neither, when all are there.
set -eu
packages="
build-essential ccache cmake git ninja-build pkg-config python3
clang-14 clang-format-14 clang-tidy-14 gcc-arm-none-eabi libclang-rt-14-dev
libcbor-dev libcmocka-dev libcurl4-openssl-dev libevent-dev libjansson-dev
liblmdb-dev libsecp256k1-dev libssl-dev libyaml-dev
ca-certificates curl iproute2 jq lmdb-utils openssl python3-jsonschema python3-yaml spin
"
missing=
for p in $packages; do
    case $(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true) in
    installed) ;;
    *) missing="$missing $p" ;;
    esac
done
[ -n "$missing" ] || exit 0
echo "installing:$missing" >&2
if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null; then
    sudo=sudo
else
    echo "These Debian packages are missing and need root to install:$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
$sudo apt-get install -y -qq --no-install-recommends $missing >&2
