"""The main thread of a worker: the control channel, the lifeline to the supervisor, and signals."""

import contextlib
import errno
import json
import os
import select
import signal
import socket
import sys
import threading
import time

from . import frames, memory
from .log import log, reopen
from .metric_registry import registry
from .scoreboard import Questions

REDIAL_SECONDS = 0.1
JOIN_SECONDS = 0.02
LIFELINE_MS = 500
METRICS_SECONDS = 1
# Characters of all stacks in one message, which the gateway takes up to 1 MiB; JSON may need 6 bytes for one.
STACKS_MAX = 131072
# No gateway listens, or this process has too many files open for the moment.
_NOT_NOW = (
    errno.ENOENT,
    errno.ECONNREFUSED,
    errno.EAGAIN,
    errno.EPIPE,
    errno.ECONNRESET,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOBUFS,
)


class Control:
    def __init__(self, worker, lifeline):
        self._worker = worker
        self._lifeline = lifeline
        self._socket = None
        self._buffer = b''
        self._redial_at = 0.0
        # Said again to each new gateway: (kind, message).
        self._standing = None
        self._metrics_at = 0.0
        self._wakeup, self._wakeup_write = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(self._wakeup_write, False)
        signal.set_wakeup_fd(self._wakeup_write, warn_on_full_buffer=False)
        registry.on_change = self._wake
        self._has_changed = True
        worker.on_change = self._introduce
        worker.scoreboard = self._questions = Questions(self._wake)
        self.stop_asked = False
        # For subscribers of `process_stopping`.
        self.stop_reason = 'shutdown_signal'
        self._heard = b''
        self._is_loading = False
        self._is_evicted = False
        self._is_eviction_told = False
        signal.signal(signal.SIGTERM, self._on_sigterm)
        signal.signal(signal.SIGUSR1, self._on_sigusr1)
        # Not SIG_IGN: programs that the application starts would inherit it.
        signal.signal(signal.SIGINT, _pass_over)
        signal.signal(signal.SIGHUP, _pass_over)

    def _on_sigterm(self, _signum, _frame):
        self.stop_asked = True
        if self._is_loading:
            raise SystemExit(0)

    def _on_sigusr1(self, _signum, _frame):
        self._is_evicted = True

    @contextlib.contextmanager
    def loading(self):
        """While the application is loaded, which may take for ever: the worker can still be told to stop."""
        self._is_loading = True
        threading.Thread(target=self._watch_lifeline, name='vivarium-lifeline', daemon=True).start()
        try:
            yield
        finally:
            self._is_loading = False

    def _watch_lifeline(self):
        while self._is_loading:
            poll = select.poll()
            # Its end, not what is said on it.
            poll.register(self._lifeline, 0)
            if poll.poll(LIFELINE_MS) and self._is_loading:
                os._exit(0)  # The supervisor is gone, and this import may never end.

    def say(self, kind, message):
        """Tells the gateway, now and each time a new one is dialled."""
        self._standing = (kind, message)
        if self._socket is not None:
            self._send(kind, message)

    def say_for_certain(self, kind, message, seconds):
        """As `say`, waiting up to `seconds` for a gateway. False when there was none."""
        self._standing = (kind, message)
        until = time.monotonic() + seconds
        while self._socket is None and time.monotonic() < until and not self.stop_asked:
            self._dial()
            if self._socket is None:
                time.sleep(0.05)
        return self._socket is not None

    def run(self):
        """Until the worker is told to stop, by a signal or by the end of its supervisor."""
        while not self.stop_asked:
            try:
                if not self._turn():
                    return
            except MemoryError:
                memory.open_reserve()
                # Nobody knows what has been read: the gateway asks again.
                if self._socket is not None:
                    self._lose()

    def _turn(self):
        """False when the supervisor is gone."""
        if self._socket is None and time.monotonic() >= self._redial_at:
            self._dial()
        if self._has_changed:
            self._has_changed = False
            self.say(frames.READY, self._worker.introduction)
        self._tell_eviction()
        if time.monotonic() >= self._metrics_at:
            self.send_metrics()
        self._wait(self._lifeline.fileno())
        if not self._hear():
            self.stop_reason = 'supervisor_gone'
            log('info', 'supervisor-gone', 'the supervisor has ended; so does this worker')
            return False
        return True

    def _tell_eviction(self):
        if self._is_evicted and not self._is_eviction_told and self._socket is not None:
            self._is_eviction_told = True
            self._send(frames.EVICTED, {})

    def _hear(self):
        """What the supervisor says: why it is about to send SIGTERM. False when it has gone."""
        try:
            chunk = self._lifeline.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        *lines, self._heard = (self._heard + chunk).split(b'\n')
        for line in lines:
            self.stop_reason = json.loads(line)['stop']
        return chunk != b''

    def finish(self, seconds):
        """No more requests from here on. Listens until the threads have ended, at most this long."""
        if self._socket is not None:
            self._send(frames.STOPPING, {})
        until = time.monotonic() + seconds
        while self._worker.is_serving() and time.monotonic() < until:
            self._wait(seconds=JOIN_SECONDS)

    def abandon(self):
        """In a process that the application has forked: connections and signals are the parent's."""
        signal.set_wakeup_fd(-1)
        registry.abandon()
        self._worker.scoreboard = None
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._lifeline.close()
        if self._socket is not None:
            self._socket.close()

    def _wait(self, *others, seconds=None):
        """Handles what comes on the control connection. `others`: descriptors that also end the wait."""
        self._pass_on_questions()
        poll = select.poll()
        for descriptor in (self._wakeup, *others):
            poll.register(descriptor, select.POLLIN)
        control = -1
        if self._socket is not None:
            control = self._socket.fileno()
            poll.register(control, select.POLLIN)
        unsent = [channel for channel in self._worker.channels if channel.unsent]
        if seconds is None and (unsent or self._socket is None):
            seconds = REDIAL_SECONDS
        elif seconds is None and registry.is_changed:
            seconds = max(0, self._metrics_at - time.monotonic())
        ready = [descriptor for descriptor, _ in poll.poll(None if seconds is None else seconds * 1000)]
        if self._wakeup in ready:
            self._drain_wakeup()
        for channel in unsent:
            channel.flush_from_outside()
        if control in ready:
            self._receive()

    def send_metrics(self):
        """What has changed of the application's metrics. Until there is a gateway it is kept."""
        if self._socket is None or not registry.is_changed:
            return
        self._metrics_at = time.monotonic() + METRICS_SECONDS
        for message in registry.take_messages():
            if self._socket is not None:
                self._send(frames.METRICS, message)

    def _pass_on_questions(self):
        if not self._questions.take():
            return
        if self._socket is None:
            self._questions.answer(None)
        else:
            self._send(frames.SCOREBOARD, {})

    def _introduce(self):
        """Called by any thread."""
        self._has_changed = True
        self._wake()

    def _wake(self):
        """Called by any thread: there is something to do for the main thread."""
        try:
            os.write(self._wakeup_write, b'\0')
        except BlockingIOError:
            pass  # It will wake up.

    def _drain_wakeup(self):
        try:
            os.read(self._wakeup, 4096)
        except BlockingIOError:
            pass

    def _dial(self):
        hello = {'control': True, 'python': sys.version.split()[0]}
        self._socket = self._worker.connect(hello)
        self._buffer = b''
        if self._socket is not None:
            registry.touch_all()
            if self._standing is not None:
                self._send(*self._standing)

    def _send(self, kind, message):
        try:
            self._socket.sendall(frames.control_frame(kind, message))
        except OSError:
            self._lose()

    def _lose(self):
        self._socket.close()
        self._socket = None
        self._is_eviction_told = False
        self._questions.answer(None)
        self._worker.lender.take_back()
        # Not at once: a gateway that refuses us would be dialled without end.
        self._redial_at = time.monotonic() + REDIAL_SECONDS

    def _receive(self):
        try:
            chunk = self._socket.recv(65536)
        except OSError:
            chunk = b''
        if not chunk:
            self._lose()
            return
        self._buffer += chunk
        while len(self._buffer) >= frames.HEADER_BYTES:
            length, _, kind = frames.HEADER.unpack_from(self._buffer)
            end = frames.HEADER_BYTES + length
            if len(self._buffer) < end:
                return
            message = json.loads(self._buffer[frames.HEADER_BYTES : end])
            self._buffer = self._buffer[end:]
            self._handle(kind, message)
            if self._socket is None:
                return

    def _handle(self, kind, message):
        if kind == frames.PING:
            self._send(frames.PONG, {})
            return
        if kind == frames.STACKS:
            self._send(frames.STACKS_TAKEN, {'stacks': _stacks(self._worker.channels)})
            return
        if kind == frames.SCOREBOARD_TAKEN:
            self._questions.answer(message)
            return
        if kind == frames.LEND:
            self._worker.lender.is_wanted = True
            return
        if kind == frames.TAKEN:
            self._worker.lender.taken(message['file'])
            return
        if kind == frames.REOPEN_LOG:
            reopen(message['path'])
            return
        channel = self._worker.channels[message['channel']]
        if kind == frames.RECALL:
            started = channel.recall(message['after'], message['through'])
            self._send(frames.RECALLED, {'channel': channel.index, 'through': message['through'], 'started': started})
        elif kind == frames.ABORT:
            exchange = message['exchange']
            if channel.abort(exchange):
                recalled = {'channel': channel.index, 'through': exchange, 'started': exchange - 1}
                self._send(frames.RECALLED, recalled)
        elif kind == frames.INTERRUPT:
            exchange = message['exchange']
            stack = channel.interrupt(exchange, message['raise'])
            self._send(frames.INTERRUPTED, {'channel': channel.index, 'exchange': exchange, 'stack': stack})


def _stacks(channels):
    """Where each thread is that runs a request."""
    busy = [(channel, *found) for channel in channels if (found := channel.where()) is not None]
    return [
        {'channel': channel.index, 'exchange': exchange, 'stack': stack[-(STACKS_MAX // len(busy)) :]}
        for channel, exchange, stack in busy
    ]


def connect(path, hello):
    """A connection to the gateway that has been introduced, or None while there is no gateway."""
    connection = None
    try:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(path)
        connection.sendall(frames.control_frame(frames.HELLO, hello))
        return connection
    except OSError as error:
        if connection is not None:
            connection.close()
        if error.errno in _NOT_NOW:
            return None
        raise


def _pass_over(_signum, _frame):
    pass
