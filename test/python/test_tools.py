"""vivarium/dev: recorder, profiler and debugger around small WSGI applications."""

import contextlib
import glob
import io
import os
import pstats
import stat
import sys
import tempfile
import unittest

from vivarium.dev.debugger import Debugger, TerminalPdb
from vivarium.dev.profiler import Profiler
from vivarium.dev.recorder import Recorder

ENVIRON = {
    'REQUEST_METHOD': 'POST',
    'REQUEST_URI': '/form?x=1',
    'SERVER_PROTOCOL': 'HTTP/1.1',
    'CONTENT_TYPE': 'text/plain',
    'CONTENT_LENGTH': '3',
    'HTTP_X_SHOP': 'a',
}


class Closing:
    """An iterable of blocks that has to be closed. A block that is an exception is raised."""

    def __init__(self, *blocks):
        self._blocks = iter(blocks)
        self.closed = 0

    def __iter__(self):
        return self

    def __next__(self):
        block = next(self._blocks)
        if isinstance(block, Exception):
            raise block
        return block

    def close(self):
        self.closed += 1


def run(application, **more):
    """As a server would. Returns the status, and the body with what `write` was called with."""
    written = []
    said = []

    def start_response(status, headers, exc_info=None):
        said.append(status)
        return written.append

    environ = {**ENVIRON, 'wsgi.input': io.BytesIO(b'a=b'), **more}
    result = application(environ, start_response)
    try:
        for block in result:
            written.append(block)
    finally:
        close = getattr(result, 'close', None)
        if close is not None:
            close()
    return said[-1], b''.join(written)


class ToolTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, 'out')

    def content(self, ending):
        (path,) = glob.glob(f'{self.folder}/*.{ending}')
        with open(path, 'rb') as file:
            return file.read()


class RecorderTest(ToolTest):
    def test_request_and_response(self):
        blocks = Closing(b'one ', b'two')

        def application(environ, start_response):
            body = environ['wsgi.input'].read()
            write = start_response('201 Created', [('X-Got', body.decode())])
            write(b'zero ')
            return blocks

        self.assertEqual(run(Recorder(application, self.folder)), ('201 Created', b'zero one two'))
        self.assertEqual(blocks.closed, 1)
        head = b'POST /form?x=1 HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nX-Shop: a\r\n\r\n'
        self.assertEqual(self.content('request'), head + b'a=b')
        self.assertEqual(self.content('response'), b'HTTP/1.1 201 Created\r\nX-Got: a=b\r\n\r\nzero one two')

    def test_a_response_without_a_body(self):
        def application(environ, start_response):
            start_response('204 No Content', [])
            return []

        run(Recorder(application, self.folder))
        self.assertEqual(self.content('response'), b'HTTP/1.1 204 No Content\r\n\r\n')

    def test_an_exception_before_and_after_the_head(self):
        def application(environ, start_response):
            if environ['PATH_INFO'] == '/early':
                raise ValueError('early')
            start_response('200 OK', [])
            return Closing(b'part', ValueError('late'))

        recorder = Recorder(application, self.folder)
        with self.assertRaisesRegex(ValueError, 'early'):
            run(recorder, PATH_INFO='/early')
        self.assertIn(b'ValueError: early', self.content('exception'))
        self.assertEqual(glob.glob(f'{self.folder}/*.response'), [])
        os.remove(glob.glob(f'{self.folder}/*.exception')[0])
        with self.assertRaisesRegex(ValueError, 'late'):
            run(recorder, PATH_INFO='/late')
        self.assertIn(b'ValueError: late', self.content('exception'))
        self.assertEqual(self.content('response'), b'HTTP/1.1 200 OK\r\n\r\npart')

    def test_files_are_for_their_owner(self):
        def application(environ, start_response):
            start_response('200 OK', [])
            return [b'x']

        run(Recorder(application, self.folder))
        modes = {stat.S_IMODE(os.stat(path).st_mode) for path in [self.folder, *glob.glob(f'{self.folder}/*')]}
        self.assertEqual(modes, {0o700, 0o600})


class ProfilerTest(ToolTest):
    def test_calls_in_and_behind_the_application(self):
        def in_the_call():
            pass

        def behind_it():
            yield b'x'

        def application(environ, start_response):
            in_the_call()
            start_response('200 OK', [])
            return behind_it()

        profiler = Profiler(application, self.folder)
        for _ in range(3):
            self.assertEqual(run(profiler), ('200 OK', b'x'))
        with contextlib.redirect_stderr(io.StringIO()):
            profiler.close()
        (path,) = glob.glob(f'{self.folder}/*.pstats')
        calls = {name: count for (_, _, name), (_, count, *_) in pstats.Stats(path).stats.items()}
        self.assertEqual((calls['application'], calls['in_the_call']), (3, 3))
        self.assertGreaterEqual(calls['behind_it'], 3)

    def test_no_request_no_file(self):
        Profiler(lambda environ, start_response: [], self.folder).close()
        self.assertEqual(os.listdir(self.folder), [])


class DebuggerTest(unittest.TestCase):
    def setUp(self):
        self.addCleanup(setattr, sys, 'breakpointhook', sys.breakpointhook)

    def debug(self, application, *commands, fails=None):
        """What pdb prints when these commands are typed."""
        debugger = Debugger()
        terminal = debugger._pdb
        terminal.stdin = io.StringIO(''.join(f'{command}\n' for command in commands))
        terminal.stdout = io.StringIO()
        terminal.use_rawinput = False
        debugger.wrap(application, at_startup=False)
        if fails is None:
            run(debugger)
        else:
            with self.assertRaises(fails):
                run(debugger)
        self.assertIsNone(sys.gettrace())
        return terminal.stdout.getvalue()

    def test_an_exception_in_the_application(self):
        def application(environ, start_response):
            price = 7
            raise ValueError

        printed = self.debug(application, 'p price * 6', 'q', fails=ValueError)
        self.assertIn('42', printed)

    def test_an_exception_while_it_answers(self):
        def application(environ, start_response):
            start_response('200 OK', [])
            for part in (b'a', b'b'):
                yield part
                1 / (part == b'a')

        self.assertIn("b'b'", self.debug(application, 'p part', 'q', fails=ZeroDivisionError))

    def test_an_application_that_does_not_fail_is_not_stopped(self):
        def application(environ, start_response):
            start_response('200 OK', [])
            return [b'']

        self.assertEqual(self.debug(application), '')

    def test_a_call_of_breakpoint(self):
        def application(environ, start_response):
            price = 7
            breakpoint()
            start_response('200 OK', [])
            return [b'']

        self.assertIn('42', self.debug(application, 'p price * 6', 'c'))

    def test_it_writes_on_the_terminal_and_not_to_the_log(self):
        with contextlib.redirect_stdout(io.StringIO()) as log:
            terminal = TerminalPdb()
        self.assertIs(terminal.stdout, sys.__stdout__)
        self.assertEqual(log.getvalue(), '')


if __name__ == '__main__':
    unittest.main()
