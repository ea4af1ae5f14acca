"""The answers of a channel: those that are finished go together, one that is complete may be held, a long one is sent
in parts. The part of a channel (channel.py) that its thread and the main thread both write to: the main thread sends
what is finished when the request after it takes long.
"""

import socket
import threading

from . import frames
from .wsgi import GatewayGone


class Answers:
    def __init__(self):
        # Held for moments only, also for what else the main thread may do to a channel.
        self._lock = threading.Lock()
        # Held while sending.
        self._send_lock = threading.Lock()
        self._socket = None
        self._forget_answers()

    def _forget_answers(self):
        """The state of one connection."""
        self._finished = []
        # (frame, bytes of its body)
        self._held = None
        # The request that was started last has no whole answer yet.
        self._running = False
        # Something is finished that the main thread could not send at once.
        self.unsent = False

    def finish(self, frame):
        """An answer is complete; it is sent together with others."""
        with self._lock:
            self._finished.append(frame)
            self._running = False

    def add(self, frame):
        """A part of an answer that needs no haste."""
        with self._lock:
            self._finished.append(frame)

    def send(self, *pieces):
        """Sends these bytes now, after everything that is finished."""
        try:
            with self._send_lock:
                with self._lock:
                    finished, self._finished = self._finished, []
                self._socket.sendall(b''.join((*finished, *pieces)))
        except OSError as error:
            raise GatewayGone(str(error)) from error

    def _flush(self):
        if self._finished:
            self.send()

    def hold(self, frame, body_bytes):
        """An answer is complete but the application still works. It is sent when the application is done, or in
        parts by the main thread when that takes long (see `recall`)."""
        with self._lock:
            self._held = (frame, body_bytes)

    def send_held(self):
        """Sends what is held, in parts: more follows."""
        with self._lock:
            if self._held is not None:
                self._finished.append(frames.response_in_parts(*self._held))
                self._held = None

    def release(self, exchange):
        """The application is done with the answer that is held."""
        with self._lock:
            held, self._held = self._held, None
            self._finished.append(held[0] if held is not None else frames.frame(frames.END, exchange))
            self._running = False

    def flush_from_outside(self):
        """Sends what is finished, without waiting: the main thread serves all channels."""
        # If the thread itself is sending, it sends everything that is finished.
        if not self._send_lock.acquire(blocking=False):
            return
        try:
            with self._lock:
                finished, self._finished = self._finished, []
                if self._held is not None:
                    finished.append(frames.response_in_parts(*self._held))
                    self._held = None
            rest = _send_some(self._socket, b''.join(finished))
            with self._lock:
                if rest:
                    self._finished.insert(0, rest)
                self.unsent = bool(rest)
        except OSError:
            self.unsent = False  # The thread will notice by itself.
        finally:
            self._send_lock.release()


def _send_some(connection, data):
    """Sends what the connection takes at once. Returns the rest."""
    if not data:
        return data
    try:
        return data[connection.send(data, socket.MSG_DONTWAIT) :]
    except BlockingIOError:
        return data
