"""cluster - a local net whose nodes are processes of the test and whose links can be cut, in each direction by itself.

Where the system permits it, the program runs again in namespaces of its own (enter), each node has a network namespace and an
address on one bridge, and a cut link has a neighbour entry that leads nowhere: packets vanish without a word. Elsewhere, or with
FWLEDGER_FAULTS_LINKS=proxy, nodes dial each other through proxy.py. A net whose links are never cut takes the loopback.
"""
import itertools
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from net import BIN, FWLEDGER, ROOT, Failed, Net, Stranger, fwl, run, wait_until  # noqa: E402,F401  (others take them from here)

INSIDE = "FWLEDGER_FAULTS_INSIDE"
UNSHARE = ["unshare", "-rnm", "--pid", "--fork", "--kill-child", "--mount-proc"]
RUN_FOLDER = "mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up"
NOWHERE = "02:00:00:00:00:00"


def enter():
    """Runs the program again in namespaces where that is permitted; returns in there, or outside where it is not."""
    if INSIDE in os.environ or os.environ.get("FWLEDGER_FAULTS_LINKS") == "proxy":
        return
    probe = RUN_FOLDER + " && ip link add br0 type bridge && ip netns add n0 && ip link add v0 type veth peer name eth0 netns n0"
    if subprocess.run([*UNSHARE, "sh", "-c", probe], capture_output=True, check=False).returncode == 0:
        run(os.path.join(ROOT, "cmake", "build.sh"), "release")  # in there is no way to the packages
        os.environ[INSIDE] = "1"
        os.execvp("unshare", [*UNSHARE, "sh", "-c", RUN_FOLDER + ' && exec "$@"', "sh", sys.executable, *sys.argv])


class Namespaces:
    name = "network namespaces"

    def __init__(self, net):
        self.net = net
        lines = ["link add br0 type bridge", "addr add 10.99.0.254/24 dev br0", "link set br0 up"]
        for i in range(net.count):
            lines += ["netns add n%d" % i, "link add v%d type veth peer name eth0 netns n%d" % (i, i),
                      "link set v%d master br0 up" % i]
        self.batch([], lines)
        for i in range(net.count):
            self.batch(["-n", "n%d" % i], ["addr add %s/24 dev eth0" % self.host(i), "link set eth0 up", "link set lo up"])

    @staticmethod
    def batch(options, lines):
        r = subprocess.run(["ip", *options, "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True,
                           check=False)
        if r.returncode != 0:
            raise Failed("ip %s: %s" % (lines, r.stderr))

    @staticmethod
    def host(i):
        return "10.99.0.%d" % (i + 1)

    def address(self, _, j):
        """Where a node dials node @j."""
        return "%s:%d" % (self.host(j), self.net.base + j)

    @staticmethod
    def command(i, argv):
        return ["nsenter", "--net=/run/netns/n%d" % i, *argv]

    def set(self, dead, before):
        for i in range(self.net.count):
            lines = ["neigh replace %s lladdr %s dev eth0 nud permanent" % (self.host(j), NOWHERE)
                     for a, j in sorted(dead - before) if a == i]
            lines += ["neigh del %s dev eth0" % self.host(j) for a, j in sorted(before - dead) if a == i]
            if lines:
                self.batch(["-n", "n%d" % i], lines)

    def disturb(self, delay_ms, loss):
        """Delays each packet by about so many ms and loses some, in percent; 0, 0: none. False where the kernel cannot."""
        what = "qdisc replace dev eth0 root netem delay %dms %dms loss %d%%" % (delay_ms, delay_ms // 2, loss)
        undo = ["qdisc", "del", "dev", "eth0", "root"]
        done = [subprocess.run(["tc", "-n", "n%d" % i, *(what.split() if delay_ms else undo)], capture_output=True, check=False)
                for i in range(self.net.count)]
        return all(r.returncode == 0 for r in done)

    def close(self):
        # A namespace goes later, when its last connection has; its end of the link would keep the name until then.
        self.batch([], ["%s%d" % (what, i) for i in range(self.net.count) for what in ("link del v", "netns del n")] + ["link del br0"])


class Loopback:
    """Links that cannot be cut."""
    name = "loopback"

    def __init__(self, net):
        self.net = net

    @staticmethod
    def host(_):
        return "127.0.0.1"

    def address(self, _, j):
        return "127.0.0.1:%d" % (self.net.base + j)

    @staticmethod
    def command(_, argv):
        return argv

    def set(self, dead, _):
        if dead:
            raise Failed("links of this net cannot be cut")

    def close(self):
        pass


class Proxies:
    name = "proxies"

    def __init__(self, net):
        pairs = list(itertools.permutations(range(net.count), 2))
        self.p = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "proxy.py"),
                                   *("%d,%d,127.0.0.1:%d" % (a, b, net.base + b) for a, b in pairs)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = dict(zip(pairs, self.p.stdout.readline().split()))

    @staticmethod
    def host(_):
        return "127.0.0.1"

    def address(self, i, j):
        return "127.0.0.1:" + self.ports[i, j]

    @staticmethod
    def command(_, argv):
        return argv

    def say(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()
        if self.p.stdout.readline() != "ok\n":
            raise Failed("proxy.py does not do %r" % line)

    def set(self, dead, _):
        self.say("dead " + " ".join("%d,%d" % way for way in sorted(dead)))

    def disturb(self, delay_ms, _):
        """The same; nothing is lost on the way of a proxy."""
        self.say("delay %d %d" % (delay_ms // 2, delay_ms * 3 // 2))
        return True

    def close(self):
        self.p.stdin.close()
        self.p.wait()


class Cluster(Net):
    """Nodes are started by __enter__; at the end all are stopped. @programs: a folder with those that make the net and run."""

    def __init__(self, name, validators, followers=0, links=None, programs=BIN):
        super().__init__(name, validators, followers)
        self.programs = programs
        self.env["FWLEDGER_BIN"] = programs
        self.script("make", str(validators), str(followers))
        self.links = (links or (Namespaces if INSIDE in os.environ else Proxies))(self)
        self.nodes, self.dead = [None] * self.count, set()
        for i in range(self.count):
            self.configure(i, lambda text, i=i: self.addresses(i, text))

    def addresses(self, i, text):
        """The configuration of node @i with the addresses that the links give."""
        text = re.sub(r'address: "127\.0\.0\.1:(\d+)"', lambda m: 'address: "%s"' % self.links.address(i, int(m[1]) - self.base),
                      text)
        return re.sub(r'listen: ("?)127\.0\.0\.1:', lambda m: "listen: %s%s:" % (m[1], self.links.host(i)), text)

    def configure(self, i, change):
        """Rewrites the configuration of node @i; it is read when the node starts."""
        path = self.path("node%d" % i, "config.yaml")
        with open(path, encoding="utf-8") as f:
            text = change(f.read())
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def __enter__(self):
        for i in range(self.count):
            self.start(i, wait=False)
        for i in range(self.count):
            self.wait_for(i)
        os.environ["FWLEDGER_NODE"] = self.url(self.count - 1)
        return self

    def __exit__(self, *_):
        self.set_links(set())
        for i, p in enumerate(self.nodes):
            if self.running(i):
                p.send_signal(signal.SIGCONT)
                p.terminate()
        for i, p in enumerate(self.nodes):
            if p:
                p.wait(60)
        self.links.close()

    def host(self, i):
        return self.links.host(i)

    def running(self, i):
        return self.nodes[i] is not None and self.nodes[i].poll() is None

    def start(self, i, wait=True, programs=None, env=None):  # pylint: disable=arguments-differ
        if self.running(i):
            return
        argv = [os.path.join(programs or self.programs, "fwledgerd"), "--config", self.path("node%d" % i, "config.yaml")]
        with open(self.path("node%d" % i, "node.log"), "ab") as log:
            self.nodes[i] = subprocess.Popen(self.links.command(i, argv), stdout=log, stderr=log, env=env)
        with open(self.path("node%d" % i, "pid"), "w", encoding="ascii") as f:
            f.write("%d\n" % self.nodes[i].pid)
        if wait:
            self.wait_for(i)

    def wait_for(self, i, seconds=60):
        def answers():
            if self.nodes[i].poll() is not None:
                raise Failed("node %d ended with exit code %d; see %s" % (i, self.nodes[i].returncode,
                                                                           self.path("node%d" % i, "node.log")))
            return self.status(i)
        wait_until("node %d answers" % i, answers, seconds)

    def send(self, i, number):
        self.nodes[i].send_signal(number)

    def end(self, i, number=signal.SIGKILL):
        """Ends node @i, and returns its exit code."""
        self.nodes[i].send_signal(number)
        return self.nodes[i].wait(60)

    def set_links(self, dead):
        """These directions (FROM, TO), and no others, are cut."""
        self.links.set(dead, self.dead)
        self.dead = set(dead)

    def leader(self):
        """The node that leads the present view, as some node sees it; 0 when nobody answers."""
        keys = {s["validator"]: i for i, s in enumerate(map(self.status, range(self.validators))) if s}
        for s in filter(None, map(self.status, range(self.count))):
            if s["leader"] in keys:
                return keys[s["leader"]]
        return 0

    # Shapes of partitions: the directions that are cut.

    def split(self, *groups):
        """Nobody hears anybody of another group; who is in none forms the last group."""
        groups = [*groups, set(range(self.count)) - set().union(*groups)]
        where = {i: g for g, group in enumerate(groups) for i in group}
        return {(a, b) for a, b in itertools.permutations(range(self.count), 2) if where[a] != where[b]}

    def deaf(self, i):
        """Node @i hears nobody, and is heard."""
        return {(a, i) for a in range(self.count) if a != i}

    def mute(self, i):
        return {(i, b) for b in range(self.count) if b != i}

    def bridge(self, one, middle):
        """Two groups that only one node hears, and that hear it."""
        return {(a, b) for a, b in self.split(one) if middle not in (a, b)}

    def ring(self):
        """Each node has two neighbours."""
        n = self.count
        return {(a, b) for a, b in itertools.permutations(range(n), 2) if (a - b) % n not in (1, n - 1)}
