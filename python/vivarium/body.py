"""Bodies: `wsgi.input` of a request that is still on its way, and `wsgi.file_wrapper`."""

import io


class StreamedBody(io.RawIOBase):
    """Reads the body of a request from the channel, frame by frame. Wrapped in a BufferedReader for the application."""

    def __init__(self, next_block):
        # Returns the next bytes, or None at the end. Raises ConnectionError when the gateway is gone.
        self._next_block = next_block
        self._rest = memoryview(b'')
        self._ended = False

    def readable(self):
        return True

    def readinto(self, target):
        while not self._rest and not self._ended:
            block = self._next_block()
            if block is None:
                self._ended = True
            else:
                self._rest = memoryview(block)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def drain(self):
        """Reads what the application has left, so that the channel is at the next request."""
        while not self._ended:
            self._ended = self._next_block() is None


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
