"""signers - fwledger-signer, and a program that speaks its protocol (docs/spec/signer.md)."""
import os
import socket
import struct
import subprocess

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

    def configure(self):
        """The node asks this signer from its next start on."""
        path = self.net.path("node%d" % self.i, "config.yaml")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("validator_key: keys/validator.key", "signer: ../signer%d/socket" % self.i))

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
