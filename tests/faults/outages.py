"""outages - P23: nodes end, stop and are cut off, a disk is full; all end on one tip, and each acknowledged transaction is there once."""
import os
import random
import signal

from clients import Workload
from cluster import INSIDE, Cluster, Failed
from disks import BrokenDisk, SmallDisk, full
from disturb import Faults


AGAIN = "five transactions final again after %.1f s at most"


def every_node(load, do, what):
    """@do to each node; the longest time until transactions were final again."""
    longest = 0.0
    for i in range(load.net.count):
        do(i)
        longest = max(longest, load.goes_on("%s of node %d" % (what, i)))
    return longest


def full_disk(net, rounds):
    """The disk of node 1, which is not the one that is read from."""
    if INSIDE in os.environ:
        with SmallDisk(net, 1) as disk:
            for _ in range(rounds):
                full(net, 1, disk.fill, disk.free)
        return "tmpfs"
    disk = BrokenDisk(net, 1)
    net.end(1, signal.SIGTERM)
    net.start(1, env=disk.environment())
    for i in range(rounds):
        full(net, 1, lambda i=i: disk.fail("write 28 data/" + ("chain", "votes")[i % 2]), lambda: disk.fail(""))
    return "preloaded ENOSPC"


def links(net, load, faults):
    """Each node cut off, then the shapes of partitions; what was done, and the longest time as above."""
    longest = every_node(load, lambda i: faults.cuts(net.split({i}), 0.5, 2), "cutting off")
    kinds = [faults.cut_off_leader, faults.halves, faults.bridge, faults.ring, faults.deaf, faults.mute, faults.flapping,
             faults.swizzle]
    for kind in kinds:
        kind()
        longest = max(longest, load.goes_on(kind.__name__))
    noise = faults.noise()
    longest = max(longest, load.goes_on("noise"))
    return ["%d cuts by %s" % (net.count + len(kinds), net.links.name),
            "delays of 20 to 60 ms" if noise else "no delays: the kernel has no netem", AGAIN % longest]


def run(table, options, n):
    rounds, pause, scale = (1, 1, 0.3) if options.brief else (2, 30, 1)
    with table.row("start of %d validators and a follower" % n) as numbers:
        net = Cluster("p23", n, 1)
        numbers.append("4 clients, 2 devices, seed %d" % options.seed)
    with net:
        load, faults = Workload(net, options.seed), Faults(net, random.Random(options.seed), scale)
        with load:
            for number in (signal.SIGKILL, signal.SIGTERM):
                with table.row("%s and start of each node" % number.name) as numbers:
                    longest = max(every_node(load, lambda i, n=number: faults.ends([i], n), number.name) for _ in range(rounds))
                    numbers += ["%d times" % (rounds * net.count), AGAIN % longest]
            with table.row("SIGSTOP of each node for %d s" % pause) as numbers:
                longest = every_node(load, lambda i: faults.pauses([i], pause), "SIGSTOP")
                numbers += ["%d times" % net.count, AGAIN % longest]
            with table.row("a disk that is full, and free again") as numbers:
                numbers += ["%d times by %s" % (rounds, full_disk(net, rounds)), "503, reads and no votes meanwhile, then votes"]
            with table.row("links cut, slow and noisy") as numbers:
                numbers += links(net, load, faults)
        with table.row("at the end") as numbers:
            end(numbers, load)


def end(numbers, load, whole=True):
    """All nodes on one tip, each acknowledged transaction in the chain once, and whatever else checker.py asks for."""
    wrong = load.check(whole)
    numbers += ["%d acknowledged, each in the chain once" % load.told("acknowledged"), "%d nodes tell the same %d blocks" % (
        load.net.count, len(load.blocks)), "%d operations answered" % load.told()]
    if wrong:
        raise Failed("%d violations\n%s" % (len(wrong), "\n".join(wrong[:20])))
