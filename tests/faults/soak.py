"""soak - P25: many nodes on one host under a transaction a second and a burst; files, memory and disk of each stay bounded.

Files: FILES for listeners, stores, loops, the log and our own requests (29 measured), and two connections to each other node, for
while both dial there are two. Memory: what a node has taken for itself (RssAnon; pages of the stores are the kernel's to take back)
is below MEMORY and PEER for each other node, and in the last quarter of the time not more than GROWTH above the second: so little is
left of a leak of a few bytes a frame in ten minutes. Disk: every node but one forgets old blocks (retain), so its data is below DISK
and what a transaction leaves in state and indexes for good, TRANSACTION. Measured in ten minutes of 16 nodes, 2603 transactions in 606
blocks, 2000 of them in a burst: 43 files, 16 MiB of memory that grew by 0.14 MiB, 6.6 MiB of disk.
"""
import os
import statistics
import subprocess
import threading
import time

from clients import Pulse, Workload
from cluster import ROOT, Cluster, Failed, Loopback, wait_until
from outages import end

FLOOD = os.path.join(ROOT, "build", "release", "test", "flood")
FILES = 40
MEMORY_KIB, PEER_KIB = 24 * 1024, 256
GROWTH_KIB = 2 * 1024
DISK = 8 << 20
TRANSACTION = 4096
BATCH = 80  # blocks; a node forgets 64 at once
STILL = 20


def disk(folder):
    """Bytes that its files take."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(where, name)).st_blocks * 512
            except FileNotFoundError:
                pass  # a snapshot that was just replaced
    return total


class Watch(threading.Thread):
    """Every second what each node uses. A context: it looks while it lasts."""

    def __init__(self, net):
        super().__init__(daemon=True)
        self.net, self.stop, self.error, self.samples = net, False, None, []

    def sample(self, i):
        pid = self.net.nodes[i].pid
        with open("/proc/%d/status" % pid, encoding="ascii") as f:
            memory = int(next(line for line in f if line.startswith("RssAnon:")).split()[1])
        return len(os.listdir("/proc/%d/fd" % pid)), memory, disk(self.net.path("node%d" % i, "data"))

    def run(self):
        try:
            while not self.stop:
                self.samples.append([self.sample(i) for i in range(self.net.count)])
                time.sleep(1)
        except Exception as e:  # pylint: disable=broad-except  # told by most()
            self.error = e

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        self.join()

    def most(self, what):
        """The greatest number of files (0), KiB (1), bytes (2) of each node."""
        if self.error:
            raise self.error
        return [max(s[i][what] for s in self.samples) for i in range(self.net.count)]

    def grown(self):
        """KiB from the second quarter to the last, of the node that grew most."""
        n = len(self.samples) // 4
        if n == 0:
            raise Failed("too few samples")
        return max(statistics.median(s[i][1] for s in self.samples[-n:]) -
                   statistics.median(s[i][1] for s in self.samples[n:2 * n]) for i in range(self.net.count))


def configure(net, retain):
    """Timers as a node has them by itself; all but node 0, which tells every block at the end, forget old blocks."""
    for i in range(net.count):
        net.configure(i, lambda text, i=i: "".join(line for line in text.splitlines(True) if not line.startswith("timers:")) + (
            "" if i == 0 else "retain: %d\nsnapshots: {every: %d, keep: 1}\n" % (retain, retain)))


def burst(net, load, count):
    """So many transactions at once; seconds until each node has them in blocks."""
    before, start = net.metric(0, "consensus_total_txs"), time.monotonic()
    at = load.signer
    r = subprocess.run([FLOOD, net.url(1), at[at.index("--as") + 1], at[at.index("--key") + 1], "0", str(count)],
                       capture_output=True, text=True, check=False)
    if r.returncode != 0:
        raise Failed("flood: " + r.stderr)
    wait_until("%d transactions of the burst are final" % count,
               lambda: net.metric(0, "consensus_total_txs") >= before + count, 300)
    wait_until("nothing waits in a pool", lambda: sum(net.metric(i, "mempool_size") for i in range(net.count)) < net.count, 60)
    return time.monotonic() - start


def bounded(numbers, watch, transactions, retain):
    """Fails when a bound does not hold."""
    net = watch.net
    kept = net.height() - net.status(net.count - 1)["base"]
    files, memory, used = watch.most(0), watch.most(1), watch.most(2)[1:]  # node 0 keeps all blocks
    grown, room = watch.grown(), DISK + transactions * TRANSACTION
    most_blocks = 2 * retain + BATCH
    most, cap = FILES + 2 * (net.count - 1), MEMORY_KIB + PEER_KIB * (net.count - 1)
    numbers += ["%d files at most (bound %d)" % (max(files), most),
                "%d KiB of memory (bound %d), grown by %d (bound %d)" % (max(memory), cap, grown, GROWTH_KIB),
                "%d KiB of disk (bound %d for %d transactions), the newest %d blocks (bound %d)" % (
                    max(used) // 1024, room // 1024, transactions, kept, most_blocks)]
    if max(files) > most or max(memory) > cap or grown > GROWTH_KIB or max(used) > room or kept > most_blocks:
        raise Failed("a bound does not hold")


def run(table, options, _):
    count, retain = (200, 10) if options.brief else (2000, 100)
    with table.row("start of %d validators" % options.nodes) as numbers:
        net = Cluster("p25", options.nodes, links=Loopback)
        configure(net, retain)
        net.__enter__()
        numbers.append("all answer")
    try:
        load = Workload(net, options.seed, clients=1, devices=1, pause=1.0)
        with Pulse(net, [0, net.count - 1]) as pulse, Watch(net) as watch, load:
            with table.row("a transaction a second, and a burst") as numbers:
                load.goes_on("the start")
                watch.samples.clear()
                start = time.monotonic()
                took = burst(net, load, count)
                numbers.append("%d transactions at once are final everywhere after %.0f s" % (count, took))
                while time.monotonic() < start + options.seconds:
                    before = load.told("acknowledged")
                    wait_until("a transaction is final", lambda b=before: load.told("acknowledged") > b, 60)
                numbers.append(pulse.within(STILL))
        with table.row("files, memory, disk of each node") as numbers:
            bounded(numbers, watch, int(net.metric(0, "consensus_total_txs")), retain)
        with table.row("at the end") as numbers:
            end(numbers, load, whole=False)
    finally:
        net.__exit__()
