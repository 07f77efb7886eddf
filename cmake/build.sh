#!/bin/sh
# build.sh PRESET [TARGET...] - install the packages, configure and build into build/PRESET: everything, or the targets.
set -eu
cd "$(dirname "$0")/.."
preset=$1
shift
cmake/install-packages.sh
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER="${CMAKE_C_COMPILER_LAUNCHER-ccache}"
fi
mkdir -p build # two builds in one folder at one time disturb each other
exec 9>"build/$preset.lock"
flock 9
[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
exec cmake --build --preset "$preset" ${1+--target "$@"}
