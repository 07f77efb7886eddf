"""net - a local net for whole-system tests: the testnet scripts and the public binaries, from Python."""
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "build", "release", "bin")
FWLEDGER = os.path.join(BIN, "fwledger")
STRANGER = os.path.join(ROOT, "build", "release", "test", "stranger")


class Failed(Exception):
    """A command failed; its output is the message."""


def run(*args, env=None, code=0):
    """Standard output of a command; Failed with everything it printed when its exit code is not @code."""
    r = subprocess.run(args, capture_output=True, text=True, env=env)
    if r.returncode != code:
        raise Failed("%s\nexit code %d, not %d\n%s%s" % (" ".join(args), r.returncode, code, r.stdout, r.stderr))
    return r.stdout


def fwl(*args, code=0):
    return run(FWLEDGER, *args, code=code)


def wait_until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed("after %d s still not: %s" % (seconds, what))
        time.sleep(0.05)


class Net:
    """Validators first, then followers, in build/NAME on ports of its own. A context: down at the end."""

    def __init__(self, name, validators, followers=0):
        self.dir = os.path.join(ROOT, "build", name)
        self.validators, self.count = validators, validators + followers
        self.env = dict(os.environ, FWLEDGER_TESTNET_DIR=self.dir)
        run(os.path.join(ROOT, "cmake", "build.sh"), "release")
        if os.path.isdir(self.dir):
            with open(self.dir + "/base") as f:
                run(os.path.join(ROOT, "testnet", "down"), "--delete",
                    env=dict(self.env, FWLEDGER_TESTNET_PORT=f.read().strip()))
        self.base = int(run("sh", "-c", '. "%s/testnet/lib.sh"; free_base %d %d' % (
            ROOT, self.count + 2, 7100 + 200 * (os.getpid() % 100)), env=self.env))  # nets that are made at one time do not meet
        self.env["FWLEDGER_TESTNET_PORT"] = str(self.base)

    def __enter__(self):
        self.script("up", str(self.validators), str(self.count - self.validators))
        os.environ["FWLEDGER_NODE"] = self.url(self.count - 1)
        return self

    def __exit__(self, *_):
        self.script("down")

    def script(self, name, *args):
        return run(os.path.join(ROOT, "testnet", name), *args, env=self.env)

    def start(self, i):
        """Starts node @i, unless it runs, and waits until it answers."""
        self.script("start", str(i))

    def end(self, i, number=signal.SIGKILL):
        self.script("kill", str(i), number.name[3:])

    @staticmethod
    def host(_):
        """The address of a node."""
        return "127.0.0.1"

    def api(self, i):
        return self.host(i), self.base + 100 + i

    def p2p(self, i):
        return self.host(i), self.base + i

    def url(self, i):
        return "http://%s:%d" % self.api(i)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def key(self, name):
        return self.path("keys", name + ".key")

    def get(self, i, path, timeout=10):
        with urllib.request.urlopen(self.url(i) + path, timeout=timeout) as r:
            return r.read()

    def json(self, i, path, timeout=10):
        return json.loads(self.get(i, path, timeout))

    def ask_time(self, i, path=None):
        """Status, headers and body of a question about the time of the tip of node I."""
        if path is None:
            tip = self.status(i)
            path = "/v1/attest?nonce=%s&height=%d&hash=%s" % (os.urandom(16).hex(), tip["height"], tip["block_hash"])
        try:
            with urllib.request.urlopen(self.url(i) + path, timeout=20) as r:
                return r.status, r.headers, r.read()
        except urllib.error.HTTPError as e:
            return e.code, e.headers, e.read()

    def status(self, i):
        """None when the node does not answer."""
        try:
            return self.json(i, "/v1/status", 2)
        except OSError:
            return None

    def metric(self, i, name):
        """The sum of a metric over its labels."""
        lines = (line.split() for line in self.get(i, "/metrics").decode().splitlines() if line.startswith("fwledger_" + name))
        return sum(float(words[-1]) for words in lines if words[0].split("{")[0] == "fwledger_" + name)

    def ready(self, i):
        try:
            return self.get(i, "/ready") is not None
        except urllib.error.HTTPError:
            return False

    def height(self):
        return max([s["height"] for s in map(self.status, range(self.count)) if s] or [0])

    def governors(self, *args, code=0):
        return fwl(*args, "--as", "governors", "--key", self.key("governor0"), "--key", self.key("governor1"), code=code)

    def participant(self, name, role, *quotas):
        """Makes a key and registers a participant with it; returns the options that sign as it."""
        public = fwl("keygen", "participant", self.key(name)).strip()
        self.governors("participant", "put", name, "--public", public, "--role", role, *quotas)
        return ["--as", name, "--key", self.key(name)]

    def same_tip(self, seconds=60):
        """Waits until all nodes have the same newest block; its height."""
        tips = []

        def at_one_height():
            tips[:] = [self.status(i) for i in range(self.count)]
            return all(tips) and len({t["block_hash"] for t in tips}) == 1
        wait_until("all nodes are at one height", at_one_height, seconds)
        return tips[0]["height"]

    def same_history(self, seconds=60):
        """The same; the block hashes of each node, from 0 on."""
        top = self.same_tip(seconds)
        return [[self.json(i, "/v1/blocks/%d" % h)["block_hash"] for h in range(top + 1)] for i in range(self.count)]

    def broken_lines(self):
        """Log lines that speak of a bug of ours."""
        lines = []
        for i in range(self.count):
            with open(self.path("node%d" % i, "node.log"), encoding="utf-8") as f:
                lines += [l for l in f if " broken " in l or "invariant" in l]
        return lines


class Load(threading.Thread):
    """Registers one class after the other through the last validator."""

    def __init__(self, net, signer):
        super().__init__(daemon=True)
        self.net, self.signer, self.stop, self.count = net, signer, False, 0

    def run(self):
        while not self.stop:
            r = subprocess.run([FWLEDGER, "class", "register", "acme/m%d/c" % self.count, "--scheme", "number", *self.signer,
                                "--node", self.net.url(self.net.validators - 1)], capture_output=True, text=True, check=False)
            self.count += r.returncode == 0


class Stranger:
    """A peer without manners of node @node: tests/system/stranger.c says what it understands. @within: a command that runs it;
    @at: where it finds the node."""

    def __init__(self, net, node, within=(), at=None):
        host, port = at or net.p2p(node)
        self.p = subprocess.Popen([*within, STRANGER, host, str(port), net.status(node)["chain_id"]], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)

    def say(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()
        return self.p.stdout.readline().strip()

    def expect(self, line, *answers):
        got = self.say(line)
        if got.split()[0] not in answers:
            raise Failed("a stranger said %.80s: %r, not one of %s" % (line, got, answers))
        return got

    def end(self):
        self.p.stdin.close()
        self.p.wait()
        self.p.stdout.close()

    def meet(self):
        """TLS and a good AUTH, to which the node answers."""
        self.expect("connect", "ok")
        self.expect("auth", "ok")
        return self.expect("hear", "open")
