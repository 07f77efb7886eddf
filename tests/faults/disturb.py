"""disturb - what can happen to the processes and links of a net."""
import signal
import time

from cluster import Failed


class Faults:
    """What can happen to the net; each leaves it whole. @scale: of how long it lasts."""

    def __init__(self, net, rng, scale=1.0):
        self.net, self.random, self.scale = net, rng, scale
        self.kinds = [self.kill, self.kill_leader, self.kill_two, self.kill_all, self.pause, self.pause_leader, self.pause_two,
                      self.cut_off_one, self.cut_off_leader, self.halves, self.bridge, self.ring, self.deaf, self.mute,
                      self.flapping, self.swizzle]

    def nodes(self, count):
        return self.random.sample(range(self.net.count), count)

    def last(self, least=0.5, most=4.0):
        time.sleep(self.scale * self.random.uniform(least, most))  # how long a fault lasts is part of it

    def ends(self, nodes, number=signal.SIGKILL):
        for i in nodes:
            self.net.send(i, number)
        for i in nodes:
            code = self.net.nodes[i].wait(60)
            if code != (0 if number == signal.SIGTERM else -number):
                raise Failed("node %d ended with exit code %d after %s" % (i, code, number.name))
        self.last(0, 2)
        for i in nodes:
            self.net.start(i, wait=False)
        for i in nodes:
            self.net.wait_for(i)

    def kill(self):
        self.ends(self.nodes(1))

    def kill_leader(self):
        self.ends([self.net.leader()])

    def kill_two(self):
        self.ends(self.nodes(2))

    def kill_all(self):
        self.ends(range(self.net.count))

    def pauses(self, nodes, seconds=None):
        for i in nodes:
            self.net.send(i, signal.SIGSTOP)
        if seconds:
            time.sleep(seconds)
        else:
            self.last()
        for i in nodes:
            self.net.send(i, signal.SIGCONT)

    def pause(self):
        self.pauses(self.nodes(1))

    def pause_leader(self):
        self.pauses([self.net.leader()])

    def pause_two(self):
        self.pauses(self.nodes(2))

    def cuts(self, dead, least=0.5, most=4.0):
        self.net.set_links(dead)
        self.last(least, most)
        self.net.set_links(set())

    def cut_off_one(self):
        self.cuts(self.net.split(set(self.nodes(1))))

    def cut_off_leader(self):
        self.cuts(self.net.split({self.net.leader()}))

    def halves(self):
        self.cuts(self.net.split(set(self.nodes(2))))

    def bridge(self):
        a, b, middle = self.nodes(3)
        self.cuts(self.net.bridge({a, b}, middle))

    def ring(self):
        self.cuts(self.net.ring())

    def deaf(self):
        self.cuts(self.net.deaf(*self.nodes(1)))

    def mute(self):
        self.cuts(self.net.mute(*self.nodes(1)))

    def flapping(self):
        for _ in range(3):
            self.cuts(self.net.split(set(self.nodes(1))), 0.2, 0.6)
            self.last(0.1, 0.3)

    def swizzle(self):
        """Single directions, one after the other, for a moment each."""
        for _ in range(12):
            self.cuts({tuple(self.nodes(2))}, 0.05, 0.3)

    def noise(self):
        """Delays, and losses where they can be had; false where neither can."""
        if not self.net.links.disturb(40, 2):
            return False
        self.last(3, 6)
        self.net.links.disturb(0, 0)
        return True
