"""strangers - attacks on both ports of a node by who has no business there, and the node that has to bear them.

tests/hostile runs all of them in a row, tests/faults/hostility.py some under load. A victim of an attack is alive, ready, of use and no
larger than before when it has ended.
"""
import contextlib
import random
import resource
import socket
import ssl
import sys
import threading
import time

from net import Failed, Stranger, fwl, wait_until

FRAMES = range(1, 24)
GROWTH_KIB = 65536


def memory_kib(net, node, what="VmRSS"):
    """A line of /proc/PID/status of a node."""
    with open(net.path("node%d" % node, "pid"), encoding="ascii") as f:
        pid = f.read().strip()
    with open("/proc/%s/status" % pid, encoding="ascii") as f:
        return int(next(line for line in f if line.startswith(what + ":")).split()[1])


class Victim:
    """Node 0 of the net: alive, ready, of use, and no larger than before."""

    def __init__(self, net, signer, tell=lambda line: print(line, flush=True)):
        self.net, self.signer, self.tell, self.count, self.before = net, signer, tell, 0, memory_kib(net, 0)

    def check(self, what):
        self.count += 1
        start = time.monotonic()
        fwl("class", "register", "acme/h%d/c" % self.count, "--scheme", "number", *self.signer, "--node", self.net.url(0))
        took = time.monotonic() - start
        if took > 10:
            raise Failed("%s: an honest transaction took %.1f s" % (what, took))
        start = time.monotonic()
        wait_until("ready after " + what, lambda: self.net.ready(0), 20)
        ready = time.monotonic() - start
        grown = memory_kib(self.net, 0) - self.before
        if grown > GROWTH_KIB:
            raise Failed("%s: the node has grown by %d KiB" % (what, grown))
        self.tell("%-44s honest transaction %4.0f ms, ready after %4.1f s, memory %+6d KiB" % (what, took * 1000, ready, grown))


def web(net):
    return socket.create_connection(net.api(0), 10)


def said(s):
    """Everything until the other side closes."""
    data = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return data
            data += more
    except ConnectionError:
        return data


def slow_connections(net, victim):
    holders = [web(net) for _ in range(600)]
    for i, s in enumerate(holders):
        if i % 2:
            s.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\nX-Slow:")
    victim.check("600 idle and slow connections")
    for s in holders:
        s.close()


def endless_requests(net, victim):
    for what, head in (("a header without end", b"GET /v1/status HTTP/1.1\r\nX: "), ("a path without end", b"GET /v1/")):
        with web(net) as s:
            s.sendall(head)
            try:
                for _ in range(64):
                    s.sendall(b"a" * 65536)
            except OSError:
                pass  # closed while we were still sending
            if b"200 OK" in said(s):
                raise Failed(what + " was answered with 200")
    with web(net) as s:
        s.sendall(b"POST /v1/transactions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(64):
                s.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
        except OSError:
            pass
        if b"200 OK" in said(s):
            raise Failed("a body without end was taken")
    victim.check("header, path and body without end")


def unread_answers(net, victim):
    hungry = [web(net) for _ in range(64)]
    for s in hungry:
        s.setblocking(False)
        try:
            for _ in range(400):
                s.send(b"GET /v1/blocks?limit=100 HTTP/1.1\r\nHost: a\r\n\r\n" * 4)
        except BlockingIOError:
            pass
    victim.check("64 clients that ask and never read")
    for s in hungry:
        s.close()


def odd_requests(net, victim):
    with web(net) as s:
        s.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n" * 999 + b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answers = said(s).count(b"HTTP/1.1 200")
        if answers != 1000:
            raise Failed("1000 requests in one heap: %d answers" % answers)
    rng = random.Random(2)
    for n in range(300):
        with web(net) as s:
            path = rng.choice([b"/v1/classes/%zz", b"/v1/../../etc/passwd", b"/v1/blocks/99999999999999999999", b"/v1/blocks/-1",
                               b"/v1/values/%00", b"//////", b"/v1/bundles/a/b/c/d/e?since=x", b"/v1/classes?limit=0", b"\xff\xfe",
                               b"/v1/headers/1?at=\xf0\x28", rng.randbytes(40).replace(b"\n", b"").replace(b" ", b"")])
            s.sendall(rng.choice([b"GET ", b"POST ", b"DELETE ", b"get ", b"GET\t"]) + path + b" HTTP/1.1\r\nHost: a\r\n"
                      b"Connection: close\r\nContent-Length: " + rng.choice([b"0", b"-1", b"5", b"99999999999", b"x"]) + b"\r\n\r\n")
            if n % 3 == 0:
                s.shutdown(socket.SHUT_WR)
                s.settimeout(2)
                try:
                    s.recv(65536)
                except OSError:
                    pass
    victim.check("1000 requests in a heap, 300 malformed ones")


def silent_peers(net, victim):
    silent = []
    for _ in range(200):
        silent.append(socket.create_connection(net.p2p(0), 10))
    victim.check("200 silent connections between nodes")
    for s in silent:
        s.close()


def wrong_auth(net, victim):
    stranger = Stranger(net, 0)
    for bit in (0, 15, 16, 271, 272, 279, 632, 1143):  # proto, chain id, role, signature
        wait_until("TLS with the node", lambda: stranger.say("connect") == "ok")
        stranger.expect("auth %d" % bit, "ok")
        stranger.expect("drain 6000", "closed")
    for first in ("frame 2 " + "00" * 60, "head 1 4294967295", "head 200 1", "raw " + "ff" * 600, "head 3 300000"):
        wait_until("TLS with the node", lambda: stranger.say("connect") == "ok")
        stranger.expect(first, "ok")
        stranger.expect("drain 6000", "closed")
    victim.check("AUTH with each part wrong, or none")
    stranger.end()


def odd_frames(net, victim):
    stranger = Stranger(net, 0)
    rng = random.Random(3)
    for kind in FRAMES:
        stranger.meet()
        stranger.expect("head %d 4294967295" % kind, "ok")  # longer than any limit: closed before a byte of it is read
        stranger.expect("drain 6000", "closed")
    for kind in FRAMES:
        for size in (0, 1, 7, 33, 111, 250):
            stranger.meet()
            if stranger.say("frame %d %s" % (kind, rng.randbytes(size).hex() or "")) == "ok":
                stranger.say("drain 50")
    victim.check("frames of every type, wrong or random")
    stranger.end()


def unread_frames(net, victim):
    stranger = Stranger(net, 0)
    stranger.meet()
    top = net.status(0)["height"]
    for request in ("flood 2000 9 %016x%016x" % (1, 31), "flood 2000 11 %016x%016x" % (0, 255),
                    "flood 500 6 %016x%04x%08x" % (top, 1, 0), "flood 500 7 %016x%s" % (top, "00" * 32), "flood 2000 13 " + "00" * 8,
                    "flood 300 15 " + "00" * 56, "flood 500 23 "):
        if stranger.say("connect") == "ok" and stranger.say("auth") == "ok":
            stranger.say(request)
    victim.check("requests in floods, answers not read")
    stranger.end()


def bad_transactions(net, victim):
    stranger = Stranger(net, 0)
    tx = net.path("tx")
    fwl("class", "register", "acme/never/c", "--scheme", "number", *victim.signer, "--write", tx, "--node", net.url(1))
    with open(tx, "rb") as f:
        good = f.read()
    stranger.meet()
    bad = bytearray(good)
    bad[-1] ^= 1
    stranger.say("flood 3000 17 " + bytes(bad).hex())
    stranger.say("connect")
    stranger.say("auth")
    stranger.say("flood 3000 18 0200" + "ab" * 32 * 512)
    victim.check("3000 bad transactions, 3000 inventories")
    stranger.end()


def u(size, *numbers):
    return b"".join(n.to_bytes(size, "big") for n in numbers).hex()


def status(height):
    return u(8, height) + u(4, 0) + "ab" * 32 + u(8, 1, int(time.time() * 1000))


def stolen_node_key(net, victim):
    net.end(1)
    evil = Stranger(net, 0)
    evil.expect("key " + net.path("node1", "keys", "node.key"), "ok")
    last, rng = 2**64 - 1, random.Random(4)

    def attack(what, *frames):
        evil.meet()
        for frame in frames:
            if evil.say(frame) != "ok":  # dropped; its key is not banned
                evil.meet()
        victim.check(what)

    for height in (net.height() + 1000, last):
        attack("a validator is ahead by %.0e" % height, "frame 2 " + status(height))
    body = rng.randbytes(1 << 20).hex()
    for height, view in ((last, last >> 32), (net.height() + 2, 0), (net.height() + 2, 7), (net.height() + 1, last >> 32)):
        attack("proposals of 1 MiB, height %.0e, view %.0e" % (height, view),
               "flood 20 3 " + u(8, height) + u(4, view) + "cd" * 96 + u(2, 0) + body,
               "flood 1 3 " + u(8, height) + u(4, view) + "cd" * 96 + u(2, 65535) + body[:65536])
    votes = [u(1, kind) + u(8, height) + u(4, view) + "ef" * 32 + u(2, signer) + "12" * 64
             for kind in range(6) for height in (0, net.height() + 1, net.height() + 2, last) for view in (0, 9, last >> 32)
             for signer in (0, 1, 4, 65535)]
    attack("votes of every kind, height, view and signer", *["frame 4 " + vote for vote in votes])
    attack("ranges to the end of numbers",
           *["frame %d " % kind + u(8, a, b) for kind in (9, 11) for a, b in ((last, last), (last - 31, last), (0, last), (last, 0), (0, 0))],
           *["frame 13 " + u(8, a) for a in (0, 1, last - 63, last)],
           "frame 6 " + u(8, last) + u(2, 1) + u(4, last >> 32), "frame 7 " + u(8, last) + "00" * 32)
    certs = [u(1, kind) + u(8, height) + u(4, 0) + ("00" if kind == 2 else "ef") * 32 + bits + "34" * 64 * count
             for kind in (1, 2, 3) for height in (net.height() + 1, last) for bits in ("00", "07", "0f", "70", "ff", "e0", "")
             for count in (0, 2, 3, 4, 67)]
    attack("certificates that name the wrong signers", *["frame 5 " + cert for cert in certs])
    evil.end()
    net.start(1)


@contextlib.contextmanager
def crowd(address, count):
    """So many connections to one port, not waited for, as many of them open at once as this process may have; then all end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held, most = [], min(count, hard - 512)
    try:
        for _ in range(count):
            if len(held) == most:
                held.pop(0).close()
            held.append(socket.socket())
            held[-1].setblocking(False)
            held[-1].connect_ex(address)
        yield len(held)
    finally:
        for s in held:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def client_hello():
    """The first bytes of a TLS client."""
    out = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="node").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def tls_garbage(net, seed, count):
    """What is no TLS, or only nearly, and each time a wait until the node closes; how many were closed."""
    rng, hello, closed = random.Random(seed), client_hello(), 0
    for n in range(count):
        flipped = bytearray(hello)
        flipped[rng.randrange(len(hello))] ^= 1 << rng.randrange(8)
        data = (rng.randbytes(rng.randrange(1, 4096)), b"\x16\x03\x01\xff\xff" + rng.randbytes(16384), bytes(flipped),
                hello[:5] + rng.randbytes(len(hello) - 5), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", hello * 2,
                b"\x80\x2e\x01\x00\x02" + rng.randbytes(41))[n % 7]
        with socket.create_connection(net.p2p(0), 10) as s:
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # closed before it was read
            said(s)  # TimeoutError after 10 s: the node does not let go
            closed += 1
    return closed


def handshake_flood(net, seconds, threads=4):
    """Connections that begin TLS and are dropped, from several sides without a pause; how many."""
    hello, end, done = client_hello(), time.monotonic() + seconds, [0] * threads

    def run(i):
        while time.monotonic() < end:
            try:
                with socket.create_connection(net.p2p(0), 5) as s:
                    s.sendall(hello)
                    s.settimeout(0.05)
                    s.recv(1)  # the node has answered, or has refused
            except OSError:
                pass
            done[i] += 1
    workers = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    return sum(done)


HTTP = (slow_connections, endless_requests, unread_answers, odd_requests)
P2P = (silent_peers, wrong_auth, odd_frames, unread_frames, bad_transactions, stolen_node_key)


def hold(host, port, count):
    """A program of its own, for a place that is cut off afterwards: connections with half a request each, until it is killed."""
    held = [socket.create_connection((host, int(port)), 10) for _ in range(int(count))]
    for s in held:
        s.sendall(b"GET /v1/status HTTP/1.1\r\nHost:")
    print("held", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    hold(*sys.argv[1:])
