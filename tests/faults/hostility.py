"""hostility - P26: strangers at both ports of a validator of a net under load. Consensus does not feel it, and its memory is bounded.

The strangers of tests/hostile (strangers.py), more of them, and some whose machine vanishes: they sit at the place of the follower,
whose links are cut then, so that no packet tells the node of their end.
"""
import contextlib
import os
import subprocess
import sys

import strangers
from clients import Pulse, Workload
from cluster import INSIDE, ROOT, Cluster, Failed, Stranger, wait_until
from outages import end

STILL = 10  # seconds without a block
CAP_KIB = 64 * 1024  # a node grows by, at most: pool, queues of peers and connections have their limits


class Vanishing:
    """Strangers at the follower's place: with AUTH, with TLS alone, with half a request. A context: they end at its end."""

    def __init__(self, net):
        self.net, self.before, self.all, self.clients = net, net.metric(0, "p2p_peers"), [], None
        self.place = net.validators

    def __enter__(self):
        within, at = self.net.links.command(self.place, []), self.net.links.address(self.place, 0).split(":")
        for i in range(6):
            self.all.append(Stranger(self.net, 0, within, at))
            if i % 2:
                self.all[-1].meet()
            else:
                self.all[-1].expect("connect", "ok")
        if INSIDE in os.environ:  # proxies have no way to the API
            self.clients = subprocess.Popen([*within, sys.executable, os.path.join(ROOT, "tests", "strangers.py"),
                                             *map(str, self.net.api(0)), "100"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.clients.stdout.readline()
        wait_until("three strangers are peers", lambda: self.net.metric(0, "p2p_peers") == self.before + 3, 10)
        self.net.set_links(self.net.split({self.place}))
        return self

    def given_up(self):
        wait_until("the node gives up peers that vanished", lambda: self.net.metric(0, "p2p_peers") == self.before, 60)

    def __exit__(self, *_):
        for s in self.all:
            s.p.kill()
            s.end()
        if self.clients:
            self.clients.kill()
            self.clients.communicate()
        self.net.set_links(set())


def files(net):
    return len(os.listdir("/proc/%d/fd" % net.nodes[0].pid))


def peak_kib(net):
    return strangers.memory_kib(net, 0, "VmHWM")


def forget_peak(net):
    with open("/proc/%d/clear_refs" % net.nodes[0].pid, "w", encoding="ascii") as f:
        f.write("5")


def run(table, options, n):
    count, seconds = 10000, 2 if options.brief else 30
    with table.row("start of %d validators under load" % n) as numbers:
        net = Cluster("p26", n, 1)
        numbers.append("4 clients at the nodes 1 to %d, strangers at node 0" % (n - 1))
    with net:
        others = range(1, n)
        load = Workload(net, options.seed, ask_nodes=others)
        net.end(n)

        @contextlib.contextmanager
        def attack(what):
            """A row: what the body does to the node does not hold up the others; then it is of use, and no larger than the cap."""
            with table.row(what) as numbers:
                with Pulse(net, others) as pulse:
                    yield numbers
                victim.check(what)
                numbers += [pulse.within(STILL), "memory %+d KiB at most" % (peak_kib(net) - before)]
                if peak_kib(net) - before > CAP_KIB:
                    raise Failed("the node grew by %d KiB, more than %d" % (peak_kib(net) - before, CAP_KIB))
        with load:
            load.goes_on("the start")
            victim = strangers.Victim(net, load.signer, tell=lambda line: None)
            victim.check("before")
            forget_peak(net)
            before, open_before = strangers.memory_kib(net, 0), files(net)
            attacks(net, attack, victim, (count, seconds, options.seed, open_before))
        with table.row("at the end") as numbers:
            net.start(n)
            end(numbers, load)


def attacks(net, attack, victim, how):
    count, seconds, seed, open_before = how
    with contextlib.ExitStack() as stack:
        with attack("half-open: strangers whose links are cut") as numbers:
            vanishing = stack.enter_context(Vanishing(net))
            numbers.append("3 peers, 3 with TLS alone%s" % (", 100 clients" if vanishing.clients else ""))
        with attack("slowloris"):
            strangers.slow_connections(net, victim)
        for what, address in (("API", net.api(0)), ("p2p port", net.p2p(0))):
            with attack("%d connections to the %s" % (count, what)) as numbers, strangers.crowd(address, count) as held:
                height = net.height()
                wait_until("blocks meanwhile", lambda h=height: net.height() >= h + 5, 30)
                numbers.append("%d at once" % held)
        with attack("handshakes without end") as numbers:
            numbers.append("%d of them in %d s" % (strangers.handshake_flood(net, seconds), seconds))
        with attack("TLS garbage") as numbers:
            numbers.append("%d connections, all closed by the node" % strangers.tls_garbage(net, seed, 70))
        with attack("clients and peers that never read"):
            strangers.unread_answers(net, victim)
            strangers.unread_frames(net, victim)
        with attack("half-open ones are given up") as numbers:
            vanishing.given_up()
            wait_until("files are closed", lambda: files(net) <= open_before + 4, 90)
            numbers.append("%d files open, %d before" % (files(net), open_before))
