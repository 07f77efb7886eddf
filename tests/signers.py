"""signers - fwledger-signer, programs that speak its protocol (docs/spec/signer.md), and a validator whose key is there: node 0."""
import os
import re
import shutil
import signal
import select
import socket
import struct
import subprocess
import threading

from net import BIN, Failed, wait_until

HELLO, VOTE, ATTEST, POSSESSION, INSTANCE, CLAIM, RENEW = range(1, 8)
DONE, REFUSED, LATER, TAKEN = range(4)
PROPOSE, NOTARIZE, NULLIFY, FINALIZE = range(4)


class Signer:
    """fwledger-signer of node I, in the folder signerI of the net."""

    def __init__(self, net, i):
        self.net, self.i, self.process = net, i, None
        self.folder = net.path("signer%d" % i)
        self.socket = os.path.join(self.folder, "socket")

    def take_key(self):
        """From the key file of the node, which does not run."""
        os.mkdir(self.folder)
        for name in ("validator.key", "validator.key.instance"):
            os.rename(self.net.path("node%d" % self.i, "keys", name), os.path.join(self.folder, name))

    def configure(self, name="socket"):
        """The node asks this signer from its next start on, at the socket @name of its folder."""
        path = self.net.path("node%d" % self.i, "config.yaml")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("validator_key: keys/validator.key", "signer: ../signer%d/%s" % (self.i, name)))

    def arguments(self, *more):
        return [os.path.join(BIN, "fwledger-signer"), "--key", os.path.join(self.folder, "validator.key"), "--genesis",
                self.net.path("genesis.cbor"), "--data", os.path.join(self.folder, "data"), "--socket", self.socket, *more]

    def refuses(self, code, text):
        r = subprocess.run(self.arguments(), capture_output=True, text=True, timeout=60)
        if r.returncode != code or text not in r.stderr:
            raise Failed("the signer starts, or ends with another code than %d:\n%d %s" % (code, r.returncode, r.stderr))

    def start(self, *more):
        with open(os.path.join(self.folder, "log"), "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.arguments(*more), stderr=log)
        wait_until("the signer listens", self.listens)

    def listens(self):
        if self.process.poll() is not None:
            raise Failed("the signer ended: %d" % self.process.returncode)
        try:
            Asker(self).close()
            return True
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()


class Asker:
    """A program that asks a signer."""

    def __init__(self, signer):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(10)
        self.s.connect(signer.socket)

    def close(self):
        self.s.close()

    def read(self, size):
        data = b""
        while len(data) < size:
            got = self.s.recv(size - len(data))
            if not got:
                raise Failed("the signer hung up")
            data += got
        return data

    def ask(self, kind, body=b""):
        """Code and the rest of the answer."""
        self.s.sendall(struct.pack(">HBI", 5 + len(body), kind, 7) + body)
        answer = self.read(struct.unpack(">H", self.read(2))[0])
        if answer[:5] != struct.pack(">BI", kind, 7):
            raise Failed("the answer to something else: %s" % answer.hex())
        return answer[5], answer[6:]

    def done(self, kind, body=b""):
        code, rest = self.ask(kind, body)
        if code != DONE:
            raise Failed("request %d: code %d, %s" % (kind, code, rest.decode()))
        return rest

    def refused(self, text, kind, body=b"", code=REFUSED):
        got, rest = self.ask(kind, body)
        if got != code or text not in rest.decode():
            raise Failed("request %d: code %d, %r, and not \"%s\"" % (kind, got, rest, text))

    def hello(self, chain):
        return self.done(HELLO, b"\1" + chain)

    def claim(self):
        known = self.done(INSTANCE)
        if known[0] != 2:
            raise Failed("the signer knows no node: %s" % known.hex())
        self.done(CLAIM, known[1:])


class Relay:
    """Stands between a node and its signer, at the socket `relay`: answers late, or refuses, and remembers every vote signed."""

    def __init__(self, signer):
        self.signer, self.delay, self.refuse, self.refused, self.signed = signer, 0.0, False, 0, []
        self.s = socket.socket(socket.AF_UNIX)
        self.s.bind(os.path.join(signer.folder, "relay"))
        self.s.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                node = self.s.accept()[0]
            except OSError:
                return  # closed
            threading.Thread(target=self.serve, args=(node,), daemon=True).start()

    def serve(self, node):
        """One request after the other, as a signer does; either side that goes takes the other with it."""
        try:
            with node, socket.socket(socket.AF_UNIX) as to:
                to.connect(self.signer.socket)
                while True:
                    request = self.frame(node)
                    kind, vote = request[2], request[7:]
                    if kind == VOTE and self.refuse:
                        self.refused += 1
                        answer = request[2:7] + bytes([REFUSED]) + b"the test says so"
                        node.sendall(struct.pack(">H", len(answer)) + answer)
                        continue
                    to.sendall(request)
                    self.await_answer(node, to)
                    answer = self.frame(to)
                    if kind == VOTE and answer[7] == DONE:
                        self.signed.append(vote)
                    if self.ends(node).poll(1000 * self.delay):
                        raise EOFError
                    node.sendall(answer)
        except (OSError, EOFError):
            pass

    @staticmethod
    def ends(node):
        """Tells that a node has gone, also one that has asked more before."""
        poll = select.poll()
        poll.register(node, select.POLLRDHUP)
        return poll

    def await_answer(self, node, to):
        """A node that goes meanwhile has gone for its signer, too, at once: which may answer still, and is heard."""
        poll = self.ends(node)
        poll.register(to, select.POLLIN)
        if to.fileno() not in dict(poll.poll()):
            to.shutdown(socket.SHUT_WR)

    @staticmethod
    def frame(s):
        data, size = b"", 2
        while len(data) < size:
            more = s.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
            if len(data) == 2:
                size = 2 + struct.unpack(">H", data)[0]
        return data

    def close(self):
        self.s.close()


def conflicts(votes):
    """Those of signed votes (bodies of VOTE) that no validator may sign besides another one (E1 to E4 of consensus.md)."""
    seen, wrong = {}, []
    for vote in votes:
        kind, height, view = struct.unpack(">BQI", vote[:13])
        if seen.setdefault((height, view, kind), vote[13:]) != vote[13:]:
            wrong.append((kind, height, view))
        if kind in (NULLIFY, FINALIZE) and {(height, view, NULLIFY), (height, view, FINALIZE)} <= seen.keys():
            wrong.append((kind, height, view))
    return wrong


def own(net, i=3):
    """What node I tells of the member of node 0."""
    return next(m for m in net.json(i, "/v1/consensus")["members"] if m["name"] == "org-0")


def signs(net, what):
    """Node 0 takes part in a block from now on."""
    height = net.height()
    wait_until(what, lambda: own(net)["last_signed_height"] > height + 1)


def others_go_on(net):
    height = net.height()
    wait_until("the others go on", lambda: net.height() >= height + 2)


def says_why(net, text, up):
    """Node 0 tells why it does not vote."""
    wait_until("node 0 says why it does not vote: " + text,
               lambda: text in net.json(0, "/v1/consensus").get("waiting", "") and net.metric(0, "signer_up") == up)


def node_says(net, node, code, text):
    """fwledgerd with the folder @node ends like this."""
    r = subprocess.run([os.path.join(BIN, "fwledgerd"), "--config", net.path(node, "config.yaml")], capture_output=True,
                       text=True, timeout=60, check=False)
    if r.returncode != code or text not in r.stderr:
        raise Failed("fwledgerd of %s: exit code %d, not %d:\n%s" % (node, r.returncode, code, r.stderr))


def moved(net):
    net.start(0)
    wait_until("node 0 is allowed to vote", lambda: (net.status(0) or {}).get("voting") is True)
    signs(net, "node 0 signs by its signer")


def second_node(net):
    """The same folder a second time, then one with another votes store: neither gets a signature."""
    other = net.path("other")
    shutil.copytree(net.path("node0"), other)
    path = os.path.join(other, "config.yaml")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(re.sub(r'listen: ("?)[0-9.]+:\d+', r"listen: \g<1>127.0.0.1:0", text))
    node_says(net, "other", 21, "another node that is connected votes with this key")
    shutil.rmtree(os.path.join(other, "data", "votes"))
    node_says(net, "other", 21, "another node that is connected votes with this key")
    shutil.rmtree(other)
    signs(net, "node 0 signs on while others tried its signer")
