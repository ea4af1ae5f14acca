"""A channel: one thread and its connection to the gateway. It reads requests, runs them one after the other and
answers; all the requests that one read has brought are answered with one write.

Four things are shared with the main thread, which may reach in through the control channel (see control.py):
which request was started last, whether it still runs, which were recalled, and which answers are finished but not
sent (answers.py). A lock guards them.

A request that runs for too long is interrupted: the main thread has RequestTimeout raised in this thread, some
bytecodes later, at a place that nobody can foresee. So it is asked for only while that request runs, which is read
under the lock, and a connection on which it was asked for takes no further request: it is closed and dialled again,
whatever became of the exception. It comes once a connection at most.
"""

import io
import socket
import struct
import threading
from time import perf_counter, thread_time

from . import frames, memory
from .answers import Answers
from .body import BodyCut, FileWrapper, StreamedBody
from .current import current, end_request
from .interrupt import RequestTimeout, absorb, raise_in, stack_of
from .log import LogStream, describe_exception, log
from .wsgi import Responder

RECEIVE_BYTES = 65536
BLOCK_BYTES = 262144
GONE = 'the gateway has gone while the request body was read'
# After a connection that brought no request, so that a gateway that keeps closing them is not dialled without end.
PAUSE_SECONDS = 0.1


class Channel(Answers):
    # What runs a request. Another one from the moment on that the application wants to know more (see events.py).
    responder = Responder

    def __init__(self, worker, index):
        super().__init__()
        self.index = index
        self._worker = worker
        self._application = worker.application
        self.lend = worker.lender.lend
        # The variables that are the same for all requests of this channel.
        self._base = dict(worker.environ)
        self._base['wsgi.errors'] = LogStream('error', 'wsgi.errors')
        self._base['wsgi.file_wrapper'] = FileWrapper
        self._base['vivarium.is_cancelled'] = self.is_cancelled
        self._ident = 0
        self._reset()

    def _reset(self):
        """The state of one connection."""
        self._forget_answers()
        self._started = 0
        self.interrupted = False
        self._recalled = []
        self._buffer = b''
        self._at = 0
        # Of a block of a request body: bytes still to come.
        self._block_left = 0
        # Requests of the present batch, and the clocks when it came.
        self._batch = 0
        self._batch_wall = self._batch_cpu = 0.0
        # (a request, what the gateway says of its times); only when that is wanted.
        self._times = None
        # The exchanges whose answers nobody waits for.
        self.aborted = frozenset()

    def run(self):
        """The life of the thread: a connection after the other until the worker stops."""
        self._ident = threading.get_ident()
        current.is_cancelled = self.is_cancelled
        while True:
            self._socket = self._worker.dial(self.index)
            if self._socket is None:
                return
            try:
                self._serve_connection()
                self._end_interrupts()
            except RequestTimeout:
                # It has come: a second one cannot.
                self._end_interrupts()
            end_request()
            was_used = self._started != 0
            with self._send_lock, self._lock:
                self._socket.close()
                self._reset()
            if not was_used:
                self._worker.stopping.wait(PAUSE_SECONDS)

    def _serve_connection(self):
        try:
            self._serve()
        except OSError:
            pass  # The gateway has gone; a new one will listen.
        except MemoryError:
            memory.open_reserve()
            _report_no_memory()
        except Exception as error:
            _report(error)

    def _end_interrupts(self):
        with self._lock:
            self._running = False
        if self.interrupted:
            absorb()

    # Requests

    def _serve(self):
        if not self._next_batch():
            return
        # Not before: the gateway sends nothing until it has read what the connection before this one had started.
        self._worker.ledger[self.index] = 0
        shapes = {}
        unpack_header = frames.HEADER.unpack_from
        header_bytes = frames.HEADER_BYTES
        while True:
            buffer = self._buffer
            at = self._at
            if len(buffer) - at < header_bytes:
                if not self._next_batch():
                    return
                continue
            length, exchange, kind = unpack_header(buffer, at)
            payload = at + header_bytes
            end = payload + length
            if end > len(buffer):
                if not self._next_batch():
                    return
                continue
            self._at = end
            if kind == frames.REQUEST:
                self._request(exchange, buffer, payload, end, shapes)
            elif kind == frames.SHAPE:
                keys = buffer[payload:end].decode('latin-1')
                shapes[exchange] = frames.FIXED_KEYS + tuple(keys.split('\0') if keys else ())
            elif kind == frames.TIMES:
                self._times = (exchange, frames.TIMES_PAYLOAD.unpack_from(buffer, payload))
            # Data and ends of recalled requests are passed over.

    def _next_batch(self):
        """The requests of one read are a batch: answered together, and measured together."""
        if self._batch:
            wall = perf_counter() - self._batch_wall
            cpu = thread_time() - self._batch_cpu
            self.finish(frames.timings(self._started, self._batch, cpu, wall))
        if not self._receive():
            return False
        self._batch = 0
        self._batch_wall = perf_counter()
        self._batch_cpu = thread_time()
        return True

    def _receive(self):
        """More bytes into the buffer; False at the end of the connection. Nothing is left to do: the answers go."""
        self._flush()
        chunk = self._socket.recv(RECEIVE_BYTES)
        if not chunk:
            return False
        self._buffer = self._buffer[self._at :] + chunk if self._at < len(self._buffer) else chunk
        self._at = 0
        return True

    def _request(self, exchange, buffer, payload, end, shapes):
        with self._lock:
            if self._recalled and self._was_recalled(exchange):
                return
            self._started = exchange
            self._running = True
        self._batch += 1
        self._worker.ledger[self.index] = exchange
        shape, body_kind, text_length = frames.REQUEST_PREFIX.unpack_from(buffer, payload)
        text_start = payload + 7
        text_end = text_start + text_length
        environ = self._base.copy()
        environ.update(zip(shapes[shape], buffer[text_start:text_end].decode('latin-1').split('\0')))
        body = None
        if body_kind == frames.BODY_NONE:
            environ['wsgi.input'] = io.BytesIO()
        elif body_kind == frames.BODY_INLINE:
            environ['wsgi.input'] = io.BytesIO(buffer[text_end:end])
        else:
            body = StreamedBody(self._next_block)
            environ['wsgi.input'] = io.BufferedReader(body, RECEIVE_BYTES)
        current.request_id = environ['vivarium.request_id']
        self.responder(self, exchange).run(self._application, environ)
        if self.interrupted:
            raise RequestTimeout
        end_request()
        if body is not None:
            self._flush()
            # What the application has left; the gateway stops sending once it has the answer.
            body.drain()

    def _next_block(self):
        """The next bytes of the body of the running request, or None at its end."""
        while self._block_left == 0:
            buffer = self._buffer
            at = self._at
            if len(buffer) - at >= frames.HEADER_BYTES:
                length, _, kind = frames.HEADER.unpack_from(buffer, at)
                start = at + frames.HEADER_BYTES
                if kind != frames.REQUEST_END:
                    self._at = start
                    self._block_left = length
                    continue
                if start + length <= len(buffer):
                    self._at = start + length
                    return _end_of_body(buffer[start : start + length])
            if not self._receive():
                raise ConnectionError(GONE)
        return self._piece()

    def _piece(self):
        """Bytes of the present block, in whatever pieces they come: a block is not put together first."""
        if self._at == len(self._buffer):
            self._flush()
            piece = self._socket.recv(min(self._block_left, BLOCK_BYTES))
            if not piece:
                raise ConnectionError(GONE)
        else:
            piece = self._buffer[self._at : self._at + self._block_left]
            self._at += len(piece)
        self._block_left -= len(piece)
        return piece

    def is_cancelled(self):
        """True once nobody waits for the answer of the running request any more: its client has gone."""
        return self._started in self.aborted

    # What events tell (observed.py)

    def arrived(self, now):
        """When the batch of the running request was read: seconds since the epoch, as `now`."""
        return now - (perf_counter() - self._batch_wall)

    def gateway_times(self, exchange):
        """When the gateway had received the request, and when it had it wait for a thread; None if it did not say."""
        return self._times[1] if self._times is not None and self._times[0] == exchange else None

    def gateway_pid(self):
        """0 where the system does not say."""
        if not hasattr(socket, 'SO_PEERCRED'):
            return 0
        return struct.unpack('3i', self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]

    # Called by the main thread

    def recall(self, after, through):
        """Takes back the requests after `after` up to `through` that have not been started, and sends what is finished.

        Returns the id after which they will not be run here.
        """
        with self._lock:
            if frames.is_after(self._started, after):
                after = self._started
            if frames.is_after(through, after):
                self._recalled.append((after, through))
        self.flush_from_outside()
        return after

    def abort(self, exchange):
        """Nobody waits for this answer: the iteration that makes it is stopped. True when it was not begun, and never is."""
        with self._lock:
            if frames.is_after(exchange, self._started):
                self._recalled.append((exchange - 1, exchange))
                return True
            self.aborted = frozenset((exchange,))
            return False

    def interrupt(self, exchange, may_raise):
        """Where the thread is with this request, which is interrupted if `may_raise`; None when it has ended."""
        with self._lock:
            if not self._running or self._started != exchange:
                return None
            stack = stack_of(self._ident)
            if may_raise and not self.interrupted:
                # First: it may come before the next line is done.
                self.interrupted = True
                raise_in(self._ident)
        return stack

    def where(self):
        """The request that the thread runs, and its stack; None when it runs none."""
        exchange = self._started
        stack = stack_of(self._ident)
        with self._lock:
            is_same = self._running and self._started == exchange
        return (exchange, stack) if is_same and stack is not None else None

    def abandon(self):
        """In a process that the application has forked: the requests and the connection are the parent's."""
        self._lock = threading.Lock()
        self._send_lock = threading.Lock()
        self._buffer = b''
        self._at = 0
        if self._socket is not None:
            self._socket.close()

    def _was_recalled(self, exchange):
        # Ranges that are passed are forgotten; an earlier one may still be in the buffer when a later one comes.
        self._recalled = [one for one in self._recalled if not frames.is_after(exchange, one[1])]
        return any(frames.is_after(exchange, after) for after, _ in self._recalled)


def _end_of_body(reason):
    if reason:
        raise BodyCut(f"the request body is not whole: {reason.decode('latin-1')}")
    return None


def _report_no_memory():
    try:
        log('error', 'out-of-memory', 'a thread had no memory for its next request and dials again')
    except MemoryError:
        pass


def _report(error):
    try:
        log('error', 'channel-failed', describe_exception(error))
    except MemoryError:
        pass  # The connection must be closed all the same: the gateway waits for its answers.
