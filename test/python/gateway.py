"""The gateway's end of a channel, for tests: sends requests, reads frames."""

import os
import socket
import struct
import threading

from vivarium import frames
from vivarium.channel import Channel
from vivarium.lending import Lender

HEADER = struct.Struct('<IIB')
TIMINGS = 21
TIMEOUT_SECONDS = 10

LINE = ('GET', '', '/', '', '/', 'HTTP/1.1', 'example.org', '80', '192.0.2.7', '4000', 'http', 'id')


def request(exchange, path='/', body=None, follows=False):
    """The frame of a request of shape 0, which has no header fields."""
    text = '\0'.join((*LINE[:2], path, *LINE[3:])).encode('latin-1')
    kind = 2 if follows else 0 if body is None else 1
    payload = struct.pack('<HBI', 0, kind, len(text)) + text + (body or b'')
    return HEADER.pack(len(payload), exchange, 1) + payload


SHAPE = HEADER.pack(0, 0, 4)


class FakeWorker:
    """What a channel needs of its worker. Each dial takes the next of these connections."""

    def __init__(self, application, connections=()):
        self.application = application
        self.environ = {'wsgi.multithread': True}
        self.ledger = [0]
        self.lender = Lender()
        self.stopping = threading.Event()
        self.dials = 0
        self._connections = list(connections)

    def dial(self, _index):
        self.dials += 1
        if not self._connections or self.stopping.is_set():
            return None
        return self._connections.pop(0)


class Gateway:
    """A channel on a thread of its own, and the other end of its connection."""

    def __init__(self, application):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(TIMEOUT_SECONDS)
        self.worker = FakeWorker(application, [theirs])
        self.channel = Channel(self.worker, 0)
        self._thread = threading.Thread(target=self.channel.run, daemon=True)
        self._thread.start()
        self._buffer = b''
        # Of each batch: requests, CPU time and wall clock in microseconds.
        self.timings = []

    def send(self, *pieces):
        self.socket.sendall(b''.join(pieces))

    def frame(self):
        """The next frame but timings: (kind, exchange, payload)."""
        while True:
            if len(self._buffer) >= HEADER.size:
                length, exchange, kind = HEADER.unpack_from(self._buffer)
                end = HEADER.size + length
                if len(self._buffer) >= end:
                    payload = self._buffer[HEADER.size : end]
                    self._buffer = self._buffer[end:]
                    if kind == TIMINGS:
                        self.timings.append(struct.unpack('<III', payload))
                        continue
                    return kind, exchange, payload
            chunk = self.socket.recv(1_000_000)
            if not chunk:
                raise EOFError('the worker has closed the channel')
            self._buffer += chunk

    def answer(self):
        """The next frame, which must be a whole answer: (exchange, body)."""
        kind, exchange, payload = self.frame()
        assert kind == frames.RESPONSE, (kind, payload)
        return exchange, head(payload)[2]

    def close(self):
        self.socket.close()
        self._thread.join(TIMEOUT_SECONDS)
        assert not self._thread.is_alive()


def head(payload):
    """(status, [(name, value), …], body) of a `response` or `head` frame."""
    count, length = struct.unpack_from('<HI', payload)
    pieces = payload[6 : 6 + length].decode('latin-1').split('\0')
    assert len(pieces) == count
    return pieces[0], list(zip(pieces[1::2], pieces[2::2])), payload[6 + length :]


class CapturedLog:
    """Puts what is logged within a `with` block into `text`."""

    def __enter__(self):
        self._read, write = os.pipe()
        self._before = os.dup(2)
        os.dup2(write, 2)
        os.close(write)
        return self

    def __exit__(self, *_exc):
        os.dup2(self._before, 2)
        os.close(self._before)
        with open(self._read, 'rb') as stream:
            self.text = stream.read().decode()
