"""keys - P27: the key of a validator is with a signer that is away, slow, stopped, refuses, starts again, is asked by a second node.

All that the signer ever signs passes a relay (signers.py), and no two votes of it may conflict. Each time the others go on, node 0 says
why it does not vote, and signs again afterwards.
"""
import random
import signal
import time

from clients import Pulse, Workload
from cluster import Cluster, Failed, Loopback, wait_until
from outages import end
from signers import Relay, Signer, conflicts, moved, others_go_on, says_why, second_node, signs

STILL = 15  # seconds without a block


def away(net, signer, _, seconds):
    signer.kill()
    others_go_on(net)
    says_why(net, "the signer does not answer", 0)
    time.sleep(seconds)  # how long it is away is part of it
    signer.start()
    signs(net, "node 0 signs when its signer is back")
    return "away for %d s" % seconds


def slow(net, _, relay, seconds):
    """Votes that come late count when they are needed: with f of the others stopped no block is final without node 0."""
    relay.delay, last = 0.1, net.count - 1
    stopped_nodes = range(1, 1 + (net.count - 1) // 3)
    for i in stopped_nodes:
        net.send(i, signal.SIGSTOP)
    height = net.status(last)["height"]
    wait_until("blocks with the votes of a slow signer", lambda: net.status(last)["height"] >= height + 4)
    for i in stopped_nodes:
        net.send(i, signal.SIGCONT)
    relay.delay = 5.0  # longer than a node waits
    others_go_on(net)
    says_why(net, "the signer does not answer", 0)
    time.sleep(seconds)
    relay.delay = 0.0
    signs(net, "node 0 signs when its signer is fast again")
    return "100 ms an answer: its votes count; 5 s: it does not vote"


def stopped(net, signer, _, seconds):
    signer.process.send_signal(signal.SIGSTOP)
    others_go_on(net)
    time.sleep(seconds)
    signer.process.send_signal(signal.SIGCONT)
    signs(net, "node 0 signs when its signer goes on")
    return "SIGSTOP for %d s" % seconds


def refuses(net, _, relay, seconds):
    before = net.metric(0, "signer_refused")
    relay.refuse = True
    others_go_on(net)
    time.sleep(seconds)
    relay.refuse = False
    signs(net, "node 0 signs when its signer does again")
    counted = net.metric(0, "signer_refused") - before
    if relay.refused == 0 or counted == 0:
        raise Failed("%d refusals, of which the node counts %d" % (relay.refused, counted))
    return "%d refusals, %d counted by the node" % (relay.refused, counted)


def restarts(net, signer, rng, count):
    for i in range(count):
        signer.kill()
        if rng.random() < 0.5:
            net.end(0)
        signer.start()
        net.start(0)
        signs(net, "node 0 signs again after kill %d" % i)
    return "%d times kill -9, some of its node too" % count


def run(table, options, n):
    seconds, kills = (3, 4) if options.brief else (30, 20)
    with table.row("start of %d validators" % n) as numbers:
        net = Cluster("p27", n, links=Loopback)
        for i in range(net.count):  # slow enough for a node to be in time whose votes pass a relay
            net.configure(i, lambda text: text.replace("t0: 300ms", "t0: 1s").replace("min_interval: 0ms", "min_interval: 200ms"))
        numbers.append("seed %d" % options.seed)
    signer, relay = Signer(net, 0), None
    try:
        with net, Pulse(net, range(1, n)) as pulse:
            load = Workload(net, options.seed, ask_nodes=range(1, n), pause=0.2)
            with load:
                with table.row("the key of a validator moves to a signer") as numbers:
                    net.end(0, signal.SIGTERM)
                    signer.take_key()
                    signer.configure("relay")
                    signer.start("--resume-at", str(net.height() + 3))
                    relay = Relay(signer)
                    moved(net)
                    numbers.append("the node asks it through a relay, and signs")
                for what, do in (("a signer that is away", away), ("a slow signer", slow), ("a signer that stands still", stopped),
                                 ("a signer that refuses", refuses)):
                    with table.row(what) as numbers:
                        numbers.append(do(net, signer, relay, seconds))
                with table.row("a signer that starts again") as numbers:
                    numbers.append(restarts(net, signer, random.Random(options.seed), kills))
                with table.row("two nodes with one signer") as numbers:
                    second_node(net)
                    numbers.append("exit code 21 twice, the first signs on")
            with table.row("at the end") as numbers:
                numbers += [pulse.within(STILL), "%d votes signed, none against another" % len(relay.signed)]
                wrong = conflicts(relay.signed)
                if wrong or any(net.json(i, "/v1/evidence")["items"] for i in range(net.count)):
                    raise Failed("votes that conflict: %s" % wrong)
                end(numbers, load)
    finally:
        if relay:
            relay.close()
        if signer.process:
            signer.kill()
