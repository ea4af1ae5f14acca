"""Bodies: `wsgi.input` of a request that is still on its way, and `wsgi.file_wrapper`."""

import io


class BodyCut(OSError):
    """The rest of the request body does not come."""


class StreamedBody(io.RawIOBase):
    """Reads the body of a request from the channel, frame by frame. Wrapped in a BufferedReader for the application."""

    def __init__(self, next_block):
        # Returns the next bytes, or None at the end. Raises BodyCut, or ConnectionError when the gateway is gone.
        self._next_block = next_block
        self._rest = memoryview(b'')
        self._ended = False
        self._cut = None

    def readable(self):
        return True

    def readinto(self, target):
        while not self._rest and not self._ended:
            self._rest = memoryview(self._read_block())
        # Bytes that came before the cut are not the end: a part must not pass for the whole.
        if self._cut is not None and not self._rest:
            raise self._cut
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def drain(self):
        """Reads what the application has left, so that the channel is at the next request."""
        while not self._ended:
            self._read_block()

    def _read_block(self):
        block = None
        try:
            block = self._next_block()
        except BodyCut as error:
            self._cut = error
        self._ended = block is None
        return block or b''


class FileWrapper:
    """`wsgi.file_wrapper` (PEP 3333): iterates over a file-like object in blocks."""

    def __init__(self, filelike, blksize=65536):
        self.filelike = filelike
        # Small blocks, which frameworks like to ask for, would only mean more system calls.
        self.blksize = max(blksize, 65536)
        if hasattr(filelike, 'close'):
            self.close = filelike.close

    def __iter__(self):
        read = self.filelike.read
        size = self.blksize
        while True:
            block = read(size)
            if not block:
                return
            yield block
