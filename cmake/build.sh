#!/bin/sh
# build.sh PRESET - install the packages, configure and build into build/PRESET.
set -eu
cd "$(dirname "$0")/.."
cmake/install-packages.sh
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER="${CMAKE_C_COMPILER_LAUNCHER-ccache}"
fi
[ -f "build/$1/build.ninja" ] || cmake --preset "$1" >/dev/null
exec cmake --build --preset "$1"
