#!/usr/bin/env python3
"""proxy.py LINK... - links between nodes that can be cut: where there are no network namespaces, nodes dial each other through
this. LINK is FROM,TO,HOST:PORT; the first line of output has a port on 127.0.0.1 for each, in their order. Then each line of
input changes what passes, and is answered by `ok`:

    dead FROM,TO FROM,TO ...    these directions, and no others, are cut: what comes waits, as in TCP without answers
    delay MIN MAX               milliseconds that every piece waits, at random; 0 0: none

A new connection over a cut link is taken and goes no further until the cut is healed.
"""
import asyncio
import random
import sys

PIECE = 65536


class Links:
    def __init__(self):
        self.dead, self.delay, self.changed = set(), (0, 0), asyncio.Condition()

    async def open(self, *ways):
        async with self.changed:
            await self.changed.wait_for(lambda: not self.dead.intersection(ways))

    async def set(self, words):
        async with self.changed:
            if words[0] == "dead":
                self.dead = {tuple(map(int, w.split(","))) for w in words[1:]}
            elif words[0] == "delay":
                self.delay = (float(words[1]), float(words[2]))
            else:
                raise ValueError(words[0])
            self.changed.notify_all()


async def pump(links, way, reader, writer):
    """Everything of one direction, as it comes, while the way is open."""
    try:
        while data := await reader.read(PIECE):
            await links.open(way)
            if links.delay[1] > 0:
                await asyncio.sleep(random.uniform(*links.delay) / 1000)
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def connection(links, a, b, target, reader, writer):
    await links.open((a, b), (b, a))
    try:
        far_reader, far_writer = await asyncio.open_connection(*target)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(pump(links, (a, b), reader, far_writer), pump(links, (b, a), far_reader, writer))
    for w in (writer, far_writer):
        w.close()


async def main():
    links, ports, servers = Links(), [], []
    for word in sys.argv[1:]:
        a, b, address = word.split(",")
        host, port = address.split(":")

        def taken(r, w, a=int(a), b=int(b), target=(host, int(port))):
            return connection(links, a, b, target, r, w)
        servers.append(await asyncio.start_server(taken, "127.0.0.1", 0))
        ports.append(servers[-1].sockets[0].getsockname()[1])
    print(*ports, flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await links.set(line.decode().split())
        print("ok", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
