"""Files that are lent to the gateway, which sends them to the client itself: wsgi.file_wrapper without its bytes passing
through this process. The twin of src/apps/lent-files.ts.

The gateway is told the number of a descriptor, and opens what that stands for by way of /proc. So it gets just what
the application has open, also when the file has no name any more, and needs no right of its own. The descriptor is
one of ours, so that the application can close its own at once; it is closed when the gateway has the file.
"""

import io
import os
import stat
import sys
import threading

# A smaller file is sent faster with the answer itself.
BYTES_MIN = 65536
LENT_MAX = 256


class Lender:
    """What all threads of a worker share."""

    def __init__(self):
        # The gateway has said that it can open our descriptors.
        self.is_wanted = False
        self._lent = set()
        self._lock = threading.Lock()

    def lend(self, filelike):
        """What is left of a file, as (descriptor, offset, bytes); None when it has to be read here."""
        if not self.is_wanted or len(self._lent) >= LENT_MAX:
            return None
        try:
            file = _plain_file(filelike)
            if file is None:
                return None
            offset = file.tell()
            found = os.fstat(file.fileno())
            size = found.st_size - offset
            if not stat.S_ISREG(found.st_mode) or size <= BYTES_MIN:
                return None
            descriptor = os.open(f'/proc/self/fd/{file.fileno()}', os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, ValueError):  # closed, not readable, no /proc
            return None
        with self._lock:
            self._lent.add(descriptor)
        return descriptor, offset, size

    def taken(self, descriptor):
        """The gateway has the file, or does not want it."""
        with self._lock:
            if descriptor not in self._lent:
                return
            self._lent.remove(descriptor)
        os.close(descriptor)

    def take_back(self):
        """The gateway is gone."""
        self.is_wanted = False
        for descriptor in tuple(self._lent):
            self.taken(descriptor)


def _plain_file(filelike):
    """The file of the system whose bytes `read` gives; None for everything that may do something else."""
    tempfile = sys.modules.get('tempfile')
    if tempfile is not None and type(filelike) is tempfile._TemporaryFileWrapper:
        filelike = filelike.file
    if type(filelike) is io.BufferedRandom:
        filelike.flush()
    elif type(filelike) not in (io.BufferedReader, io.FileIO):
        return None
    # BufferedReader may stand before anything: a socket, a decompressor.
    raw = filelike if type(filelike) is io.FileIO else filelike.raw
    return filelike if type(raw) is io.FileIO else None
