"""upgrades - P24: a net of the previous version is upgraded node by node, one goes back, configurations are read again; it never stops."""
import io
import os
import re
import shutil
import signal
import subprocess
import tarfile

from clients import Pulse, Workload
from cluster import BIN, FWLEDGER, ROOT, Cluster, Failed, wait_until
from outages import AGAIN, end

FILE = os.path.join(ROOT, "tests", "faults", "previous")
FOLDER = os.path.join(ROOT, "build", "previous")
STILL = 15  # seconds without a block: a view of a leader that is away takes less than one


class Absent(Failed):
    """This clone does not have the previous version."""


def tool(*argv, **more):
    """Standard output of a program of the system; Failed with what it said."""
    r = subprocess.run(argv, capture_output=True, check=False, **more)
    if r.returncode != 0:
        raise Failed("%s\n%s" % (" ".join(argv), (r.stdout + r.stderr).decode(errors="replace")[-4000:]))
    return r.stdout


def named(text):
    """The commit or tag that the file names."""
    names = [line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(names) != 1:
        raise Failed("%s: one line names a commit or tag, the others begin with #" % FILE)
    return names[0]


def previous():
    """Its commit."""
    with open(FILE, encoding="utf-8") as f:
        name = named(f.read())
    try:
        return tool("git", "-C", ROOT, "rev-parse", "--verify", "--quiet", name + "^{commit}").decode().strip()
    except (Failed, FileNotFoundError) as e:
        raise Absent("tests/faults/previous names %s, which is not in this clone. It needs git and the history: a shallow clone gets it "
                     "with git fetch --unshallow" % name) from e


def build(commit):
    """Its programs, built in build/previous/COMMIT, where they stay; the folder that they are in."""
    source = os.path.join(FOLDER, commit)
    programs = os.path.join(source, "build", "release", "bin")
    if os.path.exists(os.path.join(source, "built")):
        return programs
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(source)
    with tarfile.open(fileobj=io.BytesIO(tool("git", "-C", ROOT, "archive", commit))) as tar:
        tar.extractall(source)
    tool("cmake", "--preset", "release", cwd=source)
    tool("cmake", "--build", "--preset", "release", "--target", "fwledgerd", "fwledger", cwd=source)
    with open(os.path.join(source, "built"), "w", encoding="ascii"):
        return programs


def becomes(net, i, programs):
    """Node @i goes on with the programs of that folder, on the same data."""
    code = net.end(i, signal.SIGTERM)
    if code != 0:
        raise Failed("node %d ended with exit code %d" % (i, code))
    net.start(i, programs=programs)
    if os.path.dirname(os.readlink("/proc/%d/exe" % net.nodes[i].pid)) != os.path.realpath(programs):
        raise Failed("node %d does not run %s" % (i, programs))
    wait_until("node %d has caught up" % i, lambda: net.status(i)["height"] >= net.height() - 1)


def upgrade(net, load, nodes, programs):
    longest = 0.0
    for i in nodes:
        becomes(net, i, programs)
        longest = max(longest, load.goes_on("change of the program of node %d" % i))
    return longest


class Reload:
    """The configuration of a node that runs: changed, read again on SIGHUP, and what its log says then."""

    def __init__(self, net, i):
        self.net, self.i, self.log = net, i, net.path("node%d" % i, "node.log")

    def __call__(self, change, expected):
        size = os.path.getsize(self.log)
        self.net.configure(self.i, change)
        self.net.send(self.i, signal.SIGHUP)

        def said():
            with open(self.log, encoding="utf-8") as f:
                f.seek(size)
                return re.search(expected, f.read())
        wait_until("node %d says %s" % (self.i, expected), said, 10)

    def peers(self, count):
        wait_until("node %d has %d peers" % (self.i, count), lambda: self.net.metric(self.i, "p2p_peers") == count, 45)


def reload_all(net):
    """Each node: other limits and a talkative log, a file with an error, back; node 0 also puts the follower out and lets it in."""
    count = 0
    for i in range(net.count):
        reload, pid = Reload(net, i), net.nodes[i].pid
        with open(net.path("node%d" % i, "config.yaml"), encoding="utf-8") as f:
            good = f.read()
        reload(lambda text: text.replace("api: {", "api: {max_connections: 64, ") + "log: {level: debug}\n",
               r"read again .*max_connections=64 level=debug")
        reload(lambda text: text + "colour: red\n", r"refused, the old configuration stays .*config\.yaml:\d+: .*colour")
        count += 3
        if i == 0:
            key = tool(FWLEDGER, "key", "show", net.path("node%d" % (net.count - 1), "keys", "node.key")).decode().strip().split(":")[1]
            reload.peers(net.count - 1)
            reload(lambda _: re.sub(r".*key: %s.*\n" % key, "", good).replace("accept: anyone", "accept: listed"),
                   r"read again peers=%d accept=listed" % (net.count - 2))
            reload.peers(net.count - 2)
            count += 1
        reload(lambda _: good, r"read again peers=%d accept=anyone" % (net.count - 1))
        if i == 0:
            reload.peers(net.count - 1)
        if net.nodes[i].pid != pid or not net.running(i):
            raise Failed("node %d did not live through SIGHUP" % i)
    return count


def run(table, options, n):
    with table.row("build of the previous version") as numbers:
        commit = previous()
        numbers.append(commit[:12])
        old = build(commit)
    with table.row("start of %d validators and a follower of it" % n) as numbers:
        net = Cluster("p24", n, 1, programs=old)
        numbers.append("genesis, keys and configuration of the previous version")
    with net, Pulse(net) as pulse:
        load = Workload(net, options.seed, verifiers=(FWLEDGER, os.path.join(old, "fwledger")))
        with load:
            with table.row("upgrade of one node after the other") as numbers:
                load.goes_on("the start")
                numbers += ["%d nodes" % net.count, AGAIN % upgrade(net, load, range(net.count), BIN)]
            with table.row("downgrade of one node, and back") as numbers:
                numbers.append(AGAIN % max(upgrade(net, load, [1], old), upgrade(net, load, [1], BIN)))
            with table.row("SIGHUP of each node") as numbers:
                numbers.append("%d configurations, %d of them refused" % (reload_all(net), net.count))
                numbers.append(AGAIN % load.goes_on("SIGHUP"))
        with table.row("at the end") as numbers:
            numbers.append(pulse.within(STILL))
            end(numbers, load)
