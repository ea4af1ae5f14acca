"""One WSGI request (PEP 3333): calls the application and turns what it does into frames."""

from . import frames, memory
from .body import FileWrapper
from .interrupt import RequestTimeout
from .log import describe_exception, log, summary


class GatewayGone(ConnectionError):
    """The connection to the gateway is lost: nobody waits for the answer any more."""


# Up to this size an answer is one frame; the gateway collects such frames whole.
WHOLE_BYTES_MAX = 65536


class Responder:
    __slots__ = ('_channel', '_exchange', '_status', '_headers', '_head_sent', '_complete')

    # What the gateway is told of a failure beyond its summary, as JSON (dev/failure_report.py): in development only.
    report_failure = None

    def __init__(self, channel, exchange):
        self._channel = channel
        self._exchange = exchange
        self._status = None
        self._headers = None
        self._head_sent = False
        # The answer lacks nothing but its release: the application may still work, on its next step or in close().
        self._complete = False

    def run(self, application, environ):
        try:
            result = application(environ, self.start_response)
            if type(result) in (list, tuple) and not self._head_sent:
                self._respond_whole(checked(result[0]) if len(result) == 1 else b''.join(result))
            else:
                self._respond_iterable(result)
        except GatewayGone:
            raise
        except BaseException as error:  # also SystemExit: a request must not end the process
            if isinstance(error, RequestTimeout) and self._channel.interrupted:
                raise
            if isinstance(error, MemoryError):
                memory.open_reserve()
            self._fail(error, environ)

    # What the application calls

    def start_response(self, status, headers, exc_info=None):
        if exc_info:
            try:
                if self._head_sent or self._complete:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self._status is not None:
            raise AssertionError('start_response() was called a second time without exc_info')
        self._status = status
        # Read more than once, so an iterator will not do.
        self._headers = headers if type(headers) is list else list(headers)
        return self.write

    def write(self, block):
        """The imperative way of PEP 3333: sent at once."""
        self._send(checked(block))

    # Answers

    def _respond_whole(self, body):
        if len(body) <= WHOLE_BYTES_MAX:
            self._channel.finish(self._whole(body))
        else:
            self._send(body)
            self._channel.finish(frames.frame(frames.END, self._exchange))

    def _respond_iterable(self, result):
        try:
            if type(result) is not FileWrapper or not self._lend(result.filelike):
                self._iterate(result)
        finally:
            # Exactly once, however the iteration ended.
            close = getattr(result, 'close', None)
            if close is not None:
                close()
        self._channel.release(self._exchange)

    def _lend(self, filelike):
        """True when the gateway sends the file itself."""
        if self._status is None or self._head_sent:
            return False
        lent = self._channel.lend(filelike)
        if lent is None:
            return False
        payload = frames.LENT_FILE.pack(*lent)
        self._channel.add(frames.response_head(frames.FILE, self._exchange, self._status, self._headers, payload))
        self._complete = True
        return True

    def _iterate(self, result):
        channel = self._channel
        for block in result:
            block = checked(block)
            if not block:
                continue
            if self._complete:
                # More than was declared; the gateway cuts it off and says so.
                channel.send_held()
                self._complete = False
                self._head_sent = True
            if not self._head_sent and self._is_whole(block):
                self._hold(block)
            else:
                self._send(block)
                if self._exchange in channel.aborted:
                    break
        if not self._head_sent and not self._complete:
            self._hold(b'')
        self._complete = True

    def _is_whole(self, block):
        """True when the application has declared just these bytes: then it need not be asked for more to answer."""
        if self._status is None or len(block) > WHOLE_BYTES_MAX:
            return False
        for name, value in self._headers:
            if len(name) == 14 and name.lower() == 'content-length':
                return value == str(len(block))
        return False

    def _hold(self, body):
        self._channel.hold(self._whole(body), len(body))
        self._complete = True

    def _whole(self, body):
        if self._status is None:
            raise AssertionError('the application returned without calling start_response()')
        return frames.response_head(frames.RESPONSE, self._exchange, self._status, self._headers, body)

    def _send(self, block):
        data = frames.HEADER.pack(len(block), self._exchange, frames.DATA)
        if self._head_sent:
            self._channel.send(data, block)
            return
        if self._status is None:
            raise AssertionError('a block of the body came before start_response() was called')
        head = frames.response_head(frames.HEAD, self._exchange, self._status, self._headers)
        self._head_sent = True
        self._channel.send(head, data, block)

    def _fail(self, error, environ):
        what = f"{environ.get('REQUEST_METHOD')} {environ.get('REQUEST_URI')}"
        request_id = environ.get('vivarium.request_id')
        log('error', 'application-exception', f'[request {request_id}] {what}\n{describe_exception(error)}')
        if self._complete:
            # The client gets its answer: nothing was missing before this went wrong.
            self._channel.release(self._exchange)
        else:
            why = summary(error)[:1000].replace('\0', '')
            if self.report_failure is not None:
                why += '\0' + self.report_failure(error, environ)
            payload = why.encode('utf-8', 'backslashreplace')
            self._channel.finish(frames.frame(frames.FAIL, self._exchange, payload))


def checked(block):
    if type(block) is bytes:
        return block
    if not isinstance(block, (bytes, bytearray, memoryview)):
        raise TypeError(f'the response must be an iterable of bytes, not of {type(block).__name__}')
    # The length of a memoryview counts its items, which may be larger than bytes.
    return bytes(block)
