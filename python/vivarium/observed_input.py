"""`wsgi.input` of an observed request: counts what the application reads, and how long that takes."""

import time


class ObservedInput:
    def __init__(self, stream):
        self._stream = stream
        self.reads = 0
        self.length = 0
        self.seconds = 0.0

    def read(self, *size):
        return self._counted(self._stream.read, *size)

    def readline(self, *size):
        return self._counted(self._stream.readline, *size)

    def readlines(self, *hint):
        begin = time.perf_counter()
        lines = self._stream.readlines(*hint)
        self._count(begin, sum(map(len, lines)))
        return lines

    def readinto(self, buffer):
        begin = time.perf_counter()
        count = self._stream.readinto(buffer)
        self._count(begin, count)
        return count

    def __iter__(self):
        return iter(self.readline, b'')

    def __getattr__(self, name):
        """Whatever else a stream can do; not counted."""
        return getattr(self._stream, name)

    def _counted(self, read, *size):
        begin = time.perf_counter()
        data = read(*size)
        self._count(begin, len(data))
        return data

    def _count(self, begin, length):
        self.seconds += time.perf_counter() - begin
        self.reads += 1
        self.length += length
