"""Tells the supervisor which files the application was loaded from, so that it can watch them for changes.

Over the lifeline, and not by way of the gateway: the supervisor does the watching, as it outlives every worker. One
line of JSON each time there is news: {"files": [paths], "since": seconds since 1970 when this process began to load}.
"""

import importlib.util
import json
import os
import sys
import threading
import time

PERIOD_SECONDS = 1.0
# The supervisor takes no longer lines.
PATHS_A_LINE = 500
PATH_MAX = 4096

_STDLIB = os.path.dirname(os.path.realpath(os.__file__)) + os.sep
_PACKAGES = tuple(_STDLIB + name + os.sep for name in ('site-packages', 'dist-packages'))


class SourceReporter:
    def __init__(self, lifeline):
        self._lifeline = lifeline
        self._since = time.time()
        self._told = set()
        self._lock = threading.Lock()

    def start(self):
        """Modules may be imported at any time; from here on they are told within a second."""
        threading.Thread(target=self._run, name='vivarium-sources', daemon=True).start()

    def report(self, others=()):
        """Tells what was not told before: the files of all modules, and `others`."""
        with self._lock:
            news = sorted(set(loaded_files()).union(filter(_is_worth_watching, others)) - self._told)
            self._told.update(news)
            try:
                for start in range(0, len(news), PATHS_A_LINE):
                    line = json.dumps({'files': news[start : start + PATHS_A_LINE], 'since': self._since})
                    self._lifeline.sendall(line.encode('ascii') + b'\n')
            except OSError:
                pass  # The supervisor has gone; the main thread notices.

    def _run(self):
        while True:
            self.report()
            time.sleep(PERIOD_SECONDS)


def loaded_files():
    for module in sys.modules.copy().values():
        try:
            # Not getattr: a module that is loaded lazily would be loaded by it.
            path = object.__getattribute__(module, '__dict__').get('__file__')
        except AttributeError:
            continue  # Anything may stand in sys.modules.
        if isinstance(path, str):
            source = _source_of(path)
            if _is_worth_watching(source):
                yield source


def files_of_failure(error):
    """The files that may have to change so that the application can be loaded, also those that do not exist yet."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        trace = error.__traceback__
        while trace is not None:
            yield trace.tb_frame.f_code.co_filename
            trace = trace.tb_next
        if isinstance(error, ModuleNotFoundError):
            yield from _places_of(error.name)
        elif isinstance(error, (SyntaxError, OSError)) and isinstance(error.filename, str):
            yield os.path.abspath(error.filename)
        error = error.__cause__ or error.__context__


def _places_of(name):
    """Where the module `name` would be found."""
    package, _, last = (name or '').rpartition('.')
    # A package that could not be imported is in sys.modules no more, and has no __path__.
    inside = package.replace('.', os.sep)
    folders = [os.path.join(os.path.abspath(folder), inside) for folder in sys.path]
    folders.extend(getattr(sys.modules.get(package), '__path__', ()))
    for folder in folders:
        yield os.path.join(folder, f'{last}.py')
        yield os.path.join(folder, last, '__init__.py')


def _source_of(path):
    if path.endswith('.pyc'):
        try:
            return importlib.util.source_from_cache(path)
        except ValueError:
            return path[:-1]
    return path


def _is_worth_watching(path):
    """An absolute path outside of the standard library, which nobody edits."""
    if not os.path.isabs(path) or len(path) > PATH_MAX or '\0' in path:
        return False
    return not path.startswith(_STDLIB) or path.startswith(_PACKAGES)
