"""disks - a node whose disk is full: on a small file system of its own, or over tests/system/broken_disk.c."""
import os
import shutil
import signal
import subprocess
import urllib.error

from net import ROOT, Failed, wait_until

SIZE = 24 * 1024 * 1024
SHIM = os.path.join(ROOT, "build", "release", "test", "broken_disk.so")


def health(net, i):
    """The status of /health of a node; 0 when it does not answer."""
    try:
        net.get(i, "/health", 2)
        return 200
    except urllib.error.HTTPError as e:
        return e.code
    except OSError:
        return 0


def voting(net, i):
    return (net.status(i) or {}).get("voting") is True


def others_go_on(net):
    before = net.height()
    wait_until("the others go on", lambda: net.height() >= before + 3)


def full(net, i, fill, free, what="its disk is full"):
    """Voting stops and nothing else: /health says 503, reads are answered, the others go on; with space it votes again."""
    before = net.height()
    fill()
    wait_until("%s: node %d says so" % (what, i), lambda: health(net, i) == 503)
    wait_until("%s: node %d says why" % (what, i), lambda: "the disk is full" in net.json(i, "/v1/consensus").get("waiting", ""))
    others_go_on(net)
    stuck = net.status(i)
    if stuck["voting"] or net.json(i, "/v1/blocks/1")["height"] != 1:
        raise Failed("%s: node %d: %s" % (what, i, stuck))
    free()
    wait_until("%s: node %d is healthy and votes" % (what, i), lambda: health(net, i) == 200 and voting(net, i))
    wait_until("%s: node %d has caught up" % (what, i), lambda: net.status(i)["height"] > before + 3)


class SmallDisk:
    """The data of node @i on a file system of its own (tmpfs); needs the right to mount. A context: unmounted at the end."""

    def __init__(self, net, i):
        self.net, self.i, self.path = net, i, net.path("node%d" % i, "data")
        self.filler = os.path.join(self.path, "filler")

    def __enter__(self):
        self.net.end(self.i, signal.SIGTERM)
        shutil.move(self.path, self.path + ".old")
        os.mkdir(self.path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % SIZE, "tmpfs", self.path], check=True)
        shutil.copytree(self.path + ".old", self.path, dirs_exist_ok=True)
        self.net.start(self.i)
        wait_until("node %d votes" % self.i, lambda: voting(self.net, self.i))
        return self

    def __exit__(self, *_):
        """The data goes back to where it was."""
        self.net.end(self.i, signal.SIGTERM)
        shutil.rmtree(self.path + ".old")
        shutil.copytree(self.path, self.path + ".old", ignore=shutil.ignore_patterns("filler"))
        subprocess.run(["umount", self.path], check=True)
        os.rmdir(self.path)
        os.rename(self.path + ".old", self.path)
        self.net.start(self.i)

    def fill(self):
        """Takes every byte that is left."""
        with open(self.filler, "wb", buffering=0) as f:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass

    def free(self):
        os.remove(self.filler)


class BrokenDisk:
    """Calls of a node fail as @fail says, CALL ERRNO PATH; it runs with environment(). Empty: the disk is good."""

    def __init__(self, net, i):
        self.plan = net.path("node%d" % i, "broken")
        self.fail("")

    def fail(self, what):
        with open(self.plan + ".new", "w", encoding="ascii") as f:
            f.write(what)
        os.rename(self.plan + ".new", self.plan)

    def environment(self):
        return dict(os.environ, LD_PRELOAD=SHIM, FWL_BROKEN_DISK=self.plan)
