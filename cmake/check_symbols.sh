#!/bin/sh
# check_symbols.sh F|P LIBRARY - zones F and P call nothing but fwledger, the
# memory functions, libsecp256k1 and the compiler's integer routines: no heap,
# clock, random, I/O, stdio; soft-float routines give away floating point.
set -eu
lib=$2
bad=$(nm --undefined-only --format=posix "$lib" 2>/dev/null |
    awk 'NF >= 2 && $2 == "U" { print $1 }' | sort -u |
    grep -Ev '^(fwl_.*|mem(cpy|move|set|cmp)|bcmp|strlen|secp256k1_.*|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__(u?div|u?mod|mul|ash[lr]|lshr)[a-z]i3|__popcountdi2|__popcountsi2)$' || true)
if [ -n "$bad" ]; then
    echo "$lib: not allowed in zone $1:" $bad >&2
    exit 1
fi
