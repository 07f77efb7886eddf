# lib.sh - what the testnet scripts share; sourced, POSIX sh. They use only the public binaries.
# Node I listens on p2p 127.0.0.1:BASE+I and API 127.0.0.1:BASE+100+I and lives in NET/nodeI; followers come last.

root=$(cd "$(dirname "$0")/.." && pwd)
bin=${FWLEDGER_BIN:-$root/build/release/bin}
net=${FWLEDGER_TESTNET_DIR:-$root/build/testnet}
base=${FWLEDGER_TESTNET_PORT:-$(cat "$net/base" 2>/dev/null || echo 7100)} # a net keeps the ports that it was made with

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

p2p_port() { echo $((base + $1)); }
api_port() { echo $((base + 100 + $1)); }
api_url() { echo "http://127.0.0.1:$(api_port "$1")"; }

# port_taken PORT - does somebody listen there already?
port_taken() {
    hex=$(printf '%04X' "$1")
    grep -qsE "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F:]+ 0A" /proc/net/tcp /proc/net/tcp6
}

port_free() { ! port_taken "$1"; }

# free_base COUNT [FROM] - print a base, at least FROM (7100), whose p2p and API ports for COUNT nodes are free.
free_base() {
    b=${2:-7100}
    while [ "$b" -lt 30000 ]; do
        i=0
        while [ "$i" -lt "$1" ] && ! port_taken $((b + i)) && ! port_taken $((b + 100 + i)); do
            i=$((i + 1))
        done
        [ "$i" -lt "$1" ] || { echo "$b"; return; }
        b=$((b + 200))
    done
    die "no free ports between 7100 and 30000"
}

node_count() { ls -d "$net"/node[0-9]* 2>/dev/null | wc -l; }

# node_pid I - the process of node I, if it runs.
node_pid() {
    pid=$(cat "$net/node$1/pid" 2>/dev/null) || return 1
    [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "fwledgerd.*$net/node$1/" && echo "$pid"
}

# start_node I - start it in the background; its output goes to node.log.
start_node() {
    [ -d "$net/node$1" ] || die "there is no node $1 in $net"
    if node_pid "$1" >/dev/null; then
        return
    fi
    for port in $(p2p_port "$1") $(api_port "$1"); do
        if ! wait_for 5 port_free "$port"; then # one that was killed lets go of it a moment after it has no name any more
            die "port $port is taken; FWLEDGER_TESTNET_PORT moves the base (now $base)"
        fi
    done
    "${FWLEDGERD:-$bin/fwledgerd}" --config "$net/node$1/config.yaml" >>"$net/node$1/node.log" 2>&1 &
    echo $! >"$net/node$1/pid"
}

# wait_for SECONDS COMMAND... - until the command succeeds; fails after so many seconds.
wait_for() {
    end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.05
    done
}

healthy() { curl -fsS -m 2 "$(api_url "$1")/health"; }

# height I - the height of node I's tip.
height() { curl -fsS -m 5 "$(api_url "$1")/v1/status" | jq -r .height; }
