#!/bin/sh
# check_includes.sh ROOT DIR "dir;dir;..." - every project include of the files
# in DIR (not below it) names a file that lies directly in one of the listed
# folders. Modules are folders, so this is the dependency rule for headers,
# which the link check cannot see.
set -eu
root=$1 dir=$2 allowed=";$3;"
bad=0
for f in "$dir"/*.[ch]; do
    [ -e "$f" ] || continue
    for inc in $(sed -n 's/^#include "\(.*\)".*/\1/p' "$f"); do
        if [ ! -e "$root/$inc" ]; then
            echo "$f: #include \"$inc\" is not a path from the repository root" >&2
            bad=1
        fi
        case $allowed in
        *";$(dirname "$inc");"*) ;;
        *)
            echo "$f: #include \"$inc\" is outside the declared dependencies" >&2
            bad=1
            ;;
        esac
    done
done
exit $bad
