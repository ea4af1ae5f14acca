"""`enable-coverage`: which lines were run, by the package coverage; the report is written when a worker ends."""

import contextlib
import fcntl
import glob
import os

from coverage import Coverage
from coverage.exceptions import CoverageException

from ..log import log

_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), '*')


class LineCoverage:
    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        self._directory = directory
        self._data_file = os.path.join(directory, '.coverage')
        # The server's number first: its workers share a report, those of another day have no part in it.
        self._server = os.getppid()
        self._coverage = Coverage(data_file=self._data_file, data_suffix=f'{self._server}.{os.getpid()}')
        # Beside what the project's own configuration of coverage leaves out.
        self._coverage.set_option('run:omit', [*(self._coverage.get_option('run:omit') or ()), _OURS])
        self._coverage.start()

    def close(self):
        self._coverage.stop()
        self._coverage.save()
        with open(os.path.join(self._directory, '.lock'), 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._report()

    def _report(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self._data_file)
        together = Coverage(data_file=self._data_file, messages=False)
        try:
            together.combine(glob.glob(f'{glob.escape(self._data_file)}.{self._server}.*'), keep=True)
            together.html_report(directory=self._directory)
        except CoverageException as error:
            log('warn', 'coverage-failed', str(error))
            return
        log('info', 'coverage-written', os.path.join(self._directory, 'index.html'))
