#!/usr/bin/env python3
"""smoke.py FWLEDGER FWLEDGERD - one node in development mode, through the public binaries alone.

Keys, genesis and configuration are made with fwledger; fwledgerd is started, asked, stopped by signals, killed and started
again; every exit code that can be had without breaking a disk is had.
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

FWLEDGER, FWLEDGERD = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])

GENESIS = """name: smoke
development: true
parameters: {{heartbeat: 1s}}
governors: {{threshold: 1, keys: ["{governor}"]}}
validators:
  - {{key: {validator}, participant: org, nodes: [{node}]}}
"""

CONFIG = """genesis: {genesis}
data: {data}
node_key: node.key
validator_key: validator.key
p2p: {{listen: "127.0.0.1:{p2p}"}}
api: {{listen: "127.0.0.1:0"}}
timers: {{t0: 300ms, td: 100ms, tf: 80ms, resend: 200ms, min_interval: 0ms}}
"""


class Node:
    """A running fwledgerd. A context: killed at the end if it still runs."""

    def __init__(self, config, *args):
        self.process = subprocess.Popen([FWLEDGERD, "--config", config, *args], stderr=subprocess.PIPE, text=True)
        self.log = []
        for line in self.process.stderr:  # until it has started, or ended
            self.log.append(line)
            started = re.search(r"node: started .*height=(\d+) .*api=(\d+)", line)
            if started:
                self.height, self.port = int(started[1]), int(started[2])
                return
        raise AssertionError("it did not start: exit code %d\n%s" % (self.process.wait(), "".join(self.log)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.log += self.process.stderr.readlines()
        self.process.stderr.close()
        self.process.wait()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as r:
            return r.read()

    def status(self):
        return json.loads(self.get("/v1/status"))

    def end(self, number):
        self.process.send_signal(number)
        self.log += self.process.stderr.readlines()
        return self.process.wait(60)

    def reload(self, text):
        """SIGHUP; the lines of the log until the one that has @text."""
        self.process.send_signal(signal.SIGHUP)
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if text in line:
                return lines
        raise AssertionError("it ended, and did not say \"%s\": %s" % (text, lines))


class OneNode(unittest.TestCase):
    """Keys, genesis and configuration of a node, in a folder that goes away."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        public = {}
        for kind, name in (("participant", "governor"), ("validator", "validator"), ("node", "node")):
            # A public key is the last word, whatever kind it is printed with.
            public[name] = self.fwledger("keygen", kind, self.path(name + ".key")).split()[-1]
        public["validator"], public["node"] = (public[n].split(":")[-1] for n in ("validator", "node"))
        self.write("genesis.yaml", GENESIS.format(**public))
        self.fwledger("genesis", "create", self.path("genesis.yaml"), "--out", self.path("genesis.cbor"), "--anchor",
                      self.path("anchor.json"))
        self.config = self.make_config("node.yaml")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def make_config(self, name, genesis="genesis.cbor", data="data", p2p=0, more=""):
        return self.write(name, CONFIG.format(genesis=genesis, data=data, p2p=p2p) + more)

    def fwledger(self, *args, node=None):
        env = dict(os.environ, **({"FWLEDGER_NODE": node.url} if node else {}))
        r = subprocess.run([FWLEDGER, *args], capture_output=True, text=True, env=env)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        return r.stdout

    def daemon(self, *args):
        r = subprocess.run([FWLEDGERD, *args], capture_output=True, text=True, timeout=60)
        return r.returncode, r.stdout + r.stderr


class Smoke(OneNode):
    def publish(self, node, name):
        key = self.fwledger("keygen", "participant", self.path(name + ".key")).strip()
        self.fwledger("participant", "put", name, "--public", key, "--role", "provider", "--as", "governors", "--key",
                      self.path("governor.key"), node=node)

    def test_a_transaction_survives_signals_and_kills(self):
        for i, number in enumerate((signal.SIGTERM, signal.SIGINT, signal.SIGKILL)):
            with Node(self.config) as node:
                self.publish(node, "p%d" % i)
                height = node.status()["height"]
                self.assertEqual(node.end(number), -9 if number == signal.SIGKILL else 0, node.log)
            with Node(self.config) as node:
                self.assertGreaterEqual(node.height, height)
                self.assertTrue(node.status()["voting"])
                for j in range(i + 1):
                    self.assertEqual(json.loads(node.get("/v1/participants/p%d" % j))["id"], "p%d" % j)
                self.assertEqual(node.end(signal.SIGTERM), 0, node.log)

    def test_it_tells_a_broken_pipe_from_its_end(self):
        with Node(self.config) as node:
            node.process.send_signal(signal.SIGPIPE)
            self.publish(node, "acme")
            self.assertEqual(node.end(signal.SIGTERM), 0)

    def test_usage(self):
        self.assertEqual(self.daemon()[0], 2)
        self.assertEqual(self.daemon("--config")[0], 2)
        self.assertEqual(self.daemon("--wrong")[0], 2)
        self.assertRegex(self.daemon("--version")[1], r"^fwledgerd \d")
        self.assertEqual(self.daemon("--help")[0], 0)

    def test_check(self):
        code, text = self.daemon("--config", self.config, "--check")
        self.assertEqual(code, 0, text)
        self.assertFalse(os.path.exists(self.path("data")))
        code, text = self.daemon("--config", self.make_config("bad.yaml", more="colour: red\n"), "--check")
        self.assertEqual(code, 3)
        self.assertRegex(text, r"bad\.yaml:8: .*colour")
        for key, why in (("none.key", "there is no such file"), ("node.key", "it is a key of another kind"),
                         ("genesis.yaml", "it is no key file")):
            with open(self.config, encoding="utf-8") as f:
                bad = self.write("bad.yaml", f.read().replace("validator_key: validator.key", "validator_key: " + key))
            code, text = self.daemon("--config", bad, "--check")
            self.assertEqual(code, 3)
            self.assertIn(why, text)
        code, text = self.daemon("--config", self.make_config("bad.yaml", genesis="none.cbor"), "--check")
        self.assertEqual(code, 3)
        self.assertIn("none.cbor", text)
        os.chmod(self.path("validator.key"), 0o644)
        code, text = self.daemon("--config", self.config, "--check")
        self.assertEqual(code, 3)
        self.assertIn("validator_key", text)

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken, open(self.config, encoding="utf-8") as f:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            bad = self.write("bad.yaml", f.read().replace("api: {listen: \"127.0.0.1:0\"}", "api: {listen: \"%s\"}" % address))
            code, text = self.daemon("--config", bad)
        self.assertEqual(code, 3, text)
        self.assertIn('address=%s reason="Address already in use"' % address, text)

    def test_reload(self):
        """SIGHUP: what can change does, what cannot is named, a bad file changes nothing."""
        peer = self.fwledger("keygen", "node", self.path("peer.key")).strip().split(":")[1]
        own = self.fwledger("key", "show", self.path("node.key")).strip().split(":")[1]
        more = "log: {level: debug}\n"
        with Node(self.config) as node:
            self.make_config("node.yaml", more=more)
            self.assertRegex(node.reload("configuration is read again")[-1], r"peers=0 accept=listed .*level=debug")
            self.publish(node, "acme")
            with open(self.path("node.yaml"), "a", encoding="utf-8") as f:
                f.write("colour: red\n")
            self.assertRegex(node.reload("refused")[-1], r"unusual node: .*node\.yaml:9: .*colour")
            os.rename(self.path("node.yaml"), self.path("away.yaml"))
            self.assertRegex(node.reload("refused")[-1], r"node\.yaml")
            self.make_config("node.yaml", more=more + "retain: 5\n")
            self.assertRegex(node.reload("refused")[-1], r"node\.yaml:9: ")

            def peers(*lines, accept="listed", limits=""):
                with open(self.make_config("node.yaml", more=more + limits), "r+", encoding="utf-8") as f:
                    text = f.read().replace("p2p: {", "p2p: {accept: %s, peers: [%s], " % (accept, ", ".join(lines)))
                    f.seek(0)
                    f.write(text)
            peers("{key: %s}" % own)
            self.assertRegex(node.reload("refused")[-1], "own key")
            # By a name that never resolves, by number, gone: each time the node goes on.
            peers('{key: %s, address: "peer.invalid:7100"}' % peer, accept="anyone")
            self.assertRegex(node.reload("configuration is read again")[-1], r"peers=1 accept=anyone")
            peers('{key: %s, address: "127.0.0.1:9"}' % peer)
            self.assertRegex(node.reload("configuration is read again")[-1], r"peers=1 accept=listed")
            self.make_config("node.yaml", more=more)
            self.assertRegex(node.reload("configuration is read again")[-1], r"peers=0 ")

            with open(self.path("node.yaml"), encoding="utf-8") as f:
                text = f.read()
            self.write("node.yaml", text.replace("data: data", "data: other").replace("t0: 300ms", "t0: 400ms").replace(
                "api: {", "api: {max_connections: 3, "))
            lines = "".join(node.reload("configuration is read again"))
            self.assertRegex(lines, r"unusual node: .*next start key=data\n")
            self.assertRegex(lines, r"unusual node: .*next start key=timers\n")
            self.assertRegex(lines, r"max_connections=3")
            self.assertEqual(lines.count("next start"), 2, lines)
            self.publish(node, "after")
            self.make_config("node.yaml", more="log: {level: broken, format: json}\n")
            self.assertIn('"message":"the configuration is read again"', node.reload("configuration is read again")[-1])
            self.publish(node, "quiet")
            self.assertEqual(node.end(signal.SIGTERM), 0, node.log)
            self.assertNotIn("quiet", "".join(node.log[1:]))
            self.assertNotIn("stopped", "".join(node.log[1:]))

    def test_a_second_process_is_kept_out(self):
        with Node(self.config) as node:
            code, text = self.daemon("--config", self.config)
            self.assertEqual(code, 21, text)
            self.assertIn("another process", text)
            self.assertEqual(node.end(signal.SIGTERM), 0)

    def test_another_chain_is_kept_out(self):
        with Node(self.config) as node:
            self.assertEqual(node.end(signal.SIGTERM), 0)
        self.write("other.yaml", open(self.path("genesis.yaml"), encoding="utf-8").read().replace("smoke", "other"))
        self.fwledger("genesis", "create", self.path("other.yaml"), "--out", self.path("other.cbor"), "--anchor",
                      self.path("other.json"))
        code, text = self.daemon("--config", self.make_config("other.conf", genesis="other.cbor"))
        self.assertEqual(code, 3, text)
        self.assertIn("another genesis", text)

    def test_a_damaged_store_is_not_served(self):
        with Node(self.config) as node:
            self.publish(node, "acme")
            self.assertEqual(node.end(signal.SIGTERM), 0)
        with open(self.path("data/chain/data.mdb"), "r+b") as f:
            f.write(b"\0" * 8192)
        code, text = self.daemon("--config", self.config)
        self.assertEqual(code, 20, text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
