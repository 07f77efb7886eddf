"""clients - who publishes and reads while a net is disturbed, and remembers what it was told, for the checker."""
import http.client
import json
import random
import subprocess
import threading
import time
from collections import Counter

import checker
from cluster import FWLEDGER, Failed, fwl, wait_until

RELEASES = 40  # of one class
POLICY = "select: highest\nmax_age: 15m\nrules:\n  - {name: all, effect: permit, when: 'true'}\n"


class Session(threading.Thread):
    """One client or device; remembers what it was told, in order. It asks @ask_nodes (all), at most once in @pause seconds."""

    def __init__(self, net, name, seed, ask_nodes=None, pause=0.0):
        super().__init__(daemon=True)
        self.net, self.name, self.random, self.told = net, name, random.Random(seed), []
        self.ask_nodes, self.pause = list(ask_nodes or range(net.count)), pause
        self.stop, self.error, self.silent = False, None, 0

    def run(self):
        try:
            while not self.stop:
                again = time.monotonic() + self.pause
                self.turn()
                while not self.stop and time.monotonic() < again:
                    time.sleep(min(0.05, max(again - time.monotonic(), 0)))
        except Exception as e:  # pylint: disable=broad-except  # told by check()
            self.error = e

    def ask(self, node, method, path, body=None, timeout=5):
        """Status and body; (0, b"") when there is no answer."""
        host, port = self.net.url(node)[7:].split(":")
        c = http.client.HTTPConnection(host, int(port), timeout=timeout)
        try:
            c.request(method, path, body, {"Content-Type": "application/cbor"} if body else {})
            r = c.getresponse()
            return r.status, r.read()
        except (OSError, http.client.HTTPException):
            self.silent += 1
        finally:
            c.close()
        time.sleep(0.02)  # a node that is down says so at once; many would ask it at this moment
        return 0, b""

    def any_node(self):
        return self.random.choice(self.ask_nodes)

    def tell(self, op, node, **more):
        self.told.append({"op": op, "session": self.name if node is None else "%s/n%d" % (self.name, node), **more})


class Client(Session):
    def __init__(self, net, name, seed, signer, **pace):
        super().__init__(net, name, seed, **pace)
        self.signer, self.count, self.path = [*signer, "--anchor", net.path("anchor.json")], 0, net.path(name)
        self.read_from, self.seen = [], 0

    def turn(self):
        name = "acme/%s-%d/fw" % (self.name, self.count // RELEASES)
        if self.count % RELEASES == 0:
            if not self.publish(name, None, ["class", "register", name, "--scheme", "number"]):
                return
            self.read_from = [*self.read_from[-1:], name]
        self.count += 1
        with open(self.path + ".json", "w", encoding="utf-8") as f:
            json.dump({"class": name, "version": str(self.count), "sha256": "%064x" % self.random.getrandbits(255), "size": 1000,
                       "filename": "fw.bin", "url": "https://example.org/fw.bin"}, f)
        self.publish(name, str(self.count), ["release", "publish", self.path + ".json"])
        self.read_height()
        self.read_class(self.random.choice(self.read_from))

    def publish(self, name, version, command):
        signed = json.loads(fwl(*command, *self.signer, "--write", self.path + ".tx", "--json"))
        with open(self.path + ".tx", "rb") as f:
            body = f.read()
        told = {"txid": signed["txid"], "class": name, "version": version}
        end = time.monotonic() + 120
        while True:
            node = self.any_node()
            status, answer = self.ask(node, "POST", "/v1/transactions?wait=final", body)
            if status == 200:
                self.seen = json.loads(answer)["height"]
                self.tell("publish", node, **told, outcome="acknowledged", height=self.seen)
                return True
            if status not in (0, 503):
                why = json.loads(answer)
                self.tell("publish", node, **told, outcome="refused", height=why["height"], why=why)
                if why["height"] >= self.seen:
                    return False  # else the node lags: another one
            # A class without which nothing else can be published is not given up.
            if time.monotonic() > end or (version is not None and self.random.random() < 0.1):
                self.tell("publish", node, **told, outcome="unknown")
                return False

    def read_height(self):
        node = self.any_node()
        status, answer = self.ask(node, "GET", "/v1/status", timeout=2)
        if status == 200:
            self.tell("read", node, height=json.loads(answer)["height"], **{"class": None})

    def read_class(self, name):
        node = self.any_node()
        status, answer = self.ask(node, "GET", "/v1/classes/" + name, timeout=2)
        if status == 200:
            shown = json.loads(answer)
            self.tell("read", node, height=shown["height"], versions=[r["version"] for r in shown["releases"]],
                      **{"class": name})


class Device(Session):
    """Keeps what it knows; an answer that would take it back is refused and another node asked."""

    def __init__(self, net, name, seed, device_class, program, **pace):
        super().__init__(net, name, seed, **pace)
        self.program = program
        self.facts, self.state, self.bundle = net.path(name + ".json"), net.path(name + ".state"), net.path(name + ".fwb")
        self.where, self.refused = "/v1/bundles/ops/all/" + device_class, 0
        with open(self.facts, "w", encoding="utf-8") as f:
            json.dump({"id": name, "fleet": "ops/all", "class": device_class, "version": "0"}, f)

    def turn(self):
        status, answer = self.ask(self.any_node(), "GET", self.where, timeout=2)
        if status != 200:
            return
        with open(self.bundle, "wb") as f:
            f.write(answer)
        r = subprocess.run([self.program, "verify", "--anchor", self.net.path("anchor.json"), "--facts", self.facts, "--state",
                            self.state, "--json", self.bundle], capture_output=True, text=True, check=False)
        if r.returncode == 13:  # rollback: the node lags behind what this device has seen
            self.refused += 1
        elif r.returncode == 0:
            self.tell("device", None, height=json.loads(r.stdout)["height"])
        else:
            raise Failed("a device refused a bundle: exit code %d\n%s" % (r.returncode, r.stderr))
        time.sleep(0.1)


def setup(net):
    acme = net.participant("acme", "provider", "--classes", "100000", "--releases", "1000000", "--transactions", "1000000")
    net.governors("vendor", "grant", "acme", "acme")
    ops = net.participant("ops", "administrator", "--fleets", "10")
    fwl("fleet", "create", "ops/all", *ops)
    with open(net.path("policy.yaml"), "w", encoding="utf-8") as f:
        f.write(POLICY)
    fwl("policy", "set", "ops/all", net.path("policy.yaml"), *ops)
    return acme


class Pulse(threading.Thread):
    """Looks at the greatest height; how long it stayed what it was, at most. A context: it looks while it lasts."""

    def __init__(self, net, nodes=None):
        super().__init__(daemon=True)
        self.net, self.nodes, self.stop, self.longest = net, list(nodes or range(net.count)), False, 0.0

    def run(self):
        height, since = 0, time.monotonic()
        while not self.stop:
            best = max([s["height"] for s in map(self.net.status, self.nodes) if s] or [0])
            now = time.monotonic()
            self.longest = max(self.longest, now - since)
            if best > height:
                height, since = best, now
            time.sleep(0.05)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        self.join()

    def within(self, seconds):
        """Fails when it stood still for longer; a sentence otherwise."""
        if self.longest > seconds:
            raise Failed("no block for %.1f s, more than %d s" % (self.longest, seconds))
        return "a block every %.1f s at least" % self.longest


class Workload:
    """Clients and devices on a net. A context: they run in it, and are stopped at its end. Device I checks
    answers with a program of @verifiers; @pace: of every session."""

    def __init__(self, net, seed, clients=4, devices=2, verifiers=(FWLEDGER,), **pace):
        self.net, self.history, self.blocks = net, [], []
        self.signer = setup(net)
        self.clients = [Client(net, "c%d" % i, seed + i, self.signer, **pace) for i in range(clients)]
        self.devices = [Device(net, "d%d" % i, seed + 100 + i, "acme/c0-0/fw", verifiers[i % len(verifiers)], **pace)
                        for i in range(devices)]
        self.sessions = [*self.clients, *self.devices]

    def __enter__(self):
        for s in self.sessions:
            s.start()
        return self

    def __exit__(self, *_):
        for s in self.sessions:
            s.stop = True
        for s in self.sessions:
            s.join()

    def told(self, outcome=None):
        """How many operations were answered, or had this outcome."""
        return sum(o.get("outcome") == outcome if outcome else o.get("outcome") != "unknown"
                   for s in self.sessions for o in list(s.told))

    def goes_on(self, after, seconds=60):
        """Waits until five more transactions are final; how long that took."""
        start, before = time.monotonic(), self.told("acknowledged")
        wait_until("transactions are final again after " + after, lambda: self.told("acknowledged") >= before + 5, seconds)
        return time.monotonic() - start

    def check(self, whole=True):
        """After the end: every node has one history, and what was told fits it. The violations. @whole: each node shows every block;
        else their tips are equal, so what each hash covers is."""
        for s in self.sessions:
            if s.error:
                raise s.error
        chains = self.net.same_history() if whole else []
        top = self.net.same_tip()
        self.blocks = [[t["txid"] for t in self.net.json(0, "/v1/blocks/%d" % h)["transactions"]] for h in range(top + 1)]
        self.history = [o for s in self.sessions for o in s.told]
        with open(self.net.path("history.jsonl"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(o) + "\n" for o in self.history)
        wrong = checker.check(self.history, self.blocks)
        wrong += ["node %d tells other blocks than node 0" % i for i, c in enumerate(chains) if c != chains[0]]
        return wrong + ["a log speaks of a bug: %s" % line for line in self.net.broken_lines()]

    def summary(self):
        kinds = Counter((o["op"], o.get("outcome", "")) for o in self.history)
        return "%d operations answered: %s; %d requests without answer, %d answers of lagging nodes refused by devices" % (
            self.told(), ", ".join("%d %s" % (n, " ".join(k).strip()) for k, n in sorted(kinds.items())),
            sum(s.silent for s in self.sessions), sum(d.refused for d in self.devices))
