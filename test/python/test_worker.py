"""A whole worker process: how it greets the gateway, how it stops, and what it does when it is refused."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from gateway import SHAPE, TIMEOUT_SECONDS, head, request

from vivarium import frames

PROGRAM = os.path.join(os.path.dirname(__file__), '..', '..', 'python')
APPLICATION = """
import os, signal, time

def application(environ, start_response):
    start_response('200 OK', [])
    path = environ['PATH_INFO']
    if path == '/fork':
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, b'x')
            time.sleep(60)
            os._exit(0)
        os.read(read, 1)
        os.kill(child, signal.SIGTERM)
        _, status = os.waitpid(child, 0)
        return [str(os.WTERMSIG(status)).encode()]
    if path == '/wait':
        time.sleep(60)
    return [path.encode()]
"""

WARMING = """
import sys, time

def application(environ, start_response):
    print('warming', file=sys.stderr)
    time.sleep(60)
"""
WARMUP = {
    'url': '/',
    'scheme': 'http',
    'host': 'localhost',
    'uri': '/',
    'scriptName': '',
    'pathInfo': '/',
    'query': '',
}

COUNTING = """
from vivarium import metrics

REQUESTS = metrics.counter('requests', '')
LOADS = metrics.gauge('loads', '')
LOADS.inc()

def application(environ, start_response):
    REQUESTS.inc()
    start_response('200 OK', [])
    return [b'asked']
"""

ASKING = """
import vivarium

AT_IMPORT = vivarium.server_metrics()

def application(environ, start_response):
    start_response('200 OK', [])
    return [f'{vivarium.server_metrics()} {AT_IMPORT}'.encode()]
"""

STOPPING = """
import time
import vivarium

@vivarium.subscribe_shutdown
def stopping(name, *, shutdown_reason, **event):
    print('stopping:', shutdown_reason)

def remember(name, **event):
    if name == 'request_started':
        event['request_environ']['started'] = event

def application(environ, start_response):
    path = environ['PATH_INFO']
    write = start_response('200 OK', [])
    if path == '/wait':
        write(b'begun')
        time.sleep(60)
    if path == '/subscribe':
        vivarium.subscribe_events(remember)
    if path == '/times':
        return [f"{environ['started']['request_start']} {environ['started']['queue_start']}".encode()]
    print('ended')
    return [b'begun']
"""


class Connection:
    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(TIMEOUT_SECONDS)
        self._stream = connection.makefile('rb')

    def frame(self):
        header = self._stream.read(9)
        if not header:
            raise EOFError
        length, exchange, kind = frames.HEADER.unpack(header)
        return kind, exchange, self._stream.read(length)

    def answer(self):
        """The body of the next whole answer."""
        kind, _, payload = self.frame()
        while kind == frames.TIMINGS:
            kind, _, payload = self.frame()
        return head(payload)[2]

    def message(self):
        kind, _, payload = self.frame()
        return kind, json.loads(payload)

    def close(self):
        self._stream.close()
        self.socket.close()


class WorkerTest(unittest.TestCase):
    def start(self, source=APPLICATION, threads=1, shutdown_ms=5000, warmup=()):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        script = os.path.join(folder.name, 'wsgi.py')
        with open(script, 'w') as file:
            file.write(source)
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.settimeout(TIMEOUT_SECONDS)
        self.listener.bind(os.path.join(folder.name, 'sock'))
        self.listener.listen(100)
        self.lifeline, theirs = socket.socketpair()
        self.addCleanup(self.lifeline.close)
        settings = {
            'worker': 1,
            'token': 'secret',
            'threads': threads,
            'socketPath': os.path.join(folder.name, 'sock'),
            'ledgerPath': os.path.join(folder.name, 'ledger'),
            'user': None,
            'group': None,
            'shutdownTimeoutMs': shutdown_ms,
            'logLevel': 'info',
            'application': {
                'name': 'app',
                'target': {'kind': 'script', 'path': script, 'callable': None},
                'workingDirectory': folder.name,
                'umask': None,
                'pythonPath': [],
                'environment': {},
                'development': {},
                'processes': {'min': 1, 'max': 1},
                'mountPoint': '/',
                'warmup': warmup,
                'recycling': {'memoryLimitHard': 0},
            },
        }
        # The worker expects its lifeline as descriptor 3.
        code = f'import os, sys; os.dup2({theirs.fileno()}, 3); os.execv(sys.executable, [sys.executable, "-B", *sys.argv[1:]])'
        self.process = subprocess.Popen(
            [sys.executable, '-B', '-c', code, PROGRAM, 'app', '1'],
            pass_fds=[theirs.fileno(), 3] if theirs.fileno() != 3 else [3],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(self.end)
        theirs.close()
        self.lifeline.sendall(json.dumps(settings).encode() + b'\n')

    def end(self):
        self.process.kill()
        self.process.communicate()

    def accept(self):
        connection = Connection(self.listener.accept()[0])
        self.addCleanup(connection.close)
        kind, hello = connection.message()
        self.assertEqual((kind, hello['worker'], hello['token']), (frames.HELLO, 1, 'secret'))
        return connection, hello

    def greet(self, threads=1):
        """The control connection and the channels, in whatever order they come."""
        control, channels = None, {}
        while control is None or len(channels) < threads:
            connection, hello = self.accept()
            if 'channel' in hello:
                channels[hello['channel']] = connection
                connection.socket.sendall(SHAPE)
            else:
                self.assertEqual(hello['pid'], self.process.pid)
                control = connection
        return control, [channels[index] for index in range(threads)]

    def test_greets_serves_and_stops(self):
        self.start(threads=3)
        control, channels = self.greet(3)
        self.assertEqual(control.message(), (frames.READY, {'threads': 3}))
        for channel in channels:
            channel.socket.sendall(request(1, '/a'))
            self.assertEqual(head(channel.frame()[2])[2], b'/a')
        for number in (signal.SIGINT, signal.SIGHUP):
            self.process.send_signal(number)
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(control.message(), (frames.STOPPING, {}))
        for channel in channels:
            channel.close()
        self.assertEqual(self.process.wait(TIMEOUT_SECONDS), 0)

    def test_listens_to_recalls_while_it_stops(self):
        self.start()
        control, (channel,) = self.greet()
        control.message()
        channel.socket.sendall(request(1, '/wait') + request(2))
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(control.message()[0], frames.STOPPING)
        control.socket.sendall(frames.control_frame(frames.RECALL, {'channel': 0, 'after': 1, 'through': 2}))
        self.assertEqual(control.message(), (frames.RECALLED, {'channel': 0, 'through': 2, 'started': 1}))

    def test_threads_that_do_not_end_are_left_after_the_shutdown_timeout(self):
        self.start(threads=4, shutdown_ms=100)
        control, channels = self.greet(4)
        for channel in channels:
            channel.socket.sendall(request(1, '/wait'))
        control.message()
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(TIMEOUT_SECONDS), 0)

    def test_can_be_stopped_while_it_warms_up(self):
        self.start(WARMING, warmup=[WARMUP])
        self.assertIn(b'warming', self.process.stderr.readline())
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(TIMEOUT_SECONDS), 0)

    def test_ends_with_its_supervisor(self):
        self.start(STOPPING)
        control, (channel,) = self.greet()
        control.message()
        self.lifeline.close()
        channel.close()
        self.assertIn(b'stopping: supervisor_gone\n', self.stderr())

    def stderr(self):
        _, written = self.process.communicate(timeout=TIMEOUT_SECONDS)
        self.assertEqual(self.process.returncode, 0)
        return written

    def test_subscribers_are_told_why_it_stops_when_its_requests_have_ended(self):
        self.start(STOPPING)
        control, (channel,) = self.greet()
        self.assertEqual(control.message(), (frames.READY, {'threads': 1}))
        channel.socket.sendall(request(1))
        self.assertEqual(channel.answer(), b'begun')
        self.lifeline.sendall(b'{"stop":"maximum_requests"}\n')
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(control.message()[0], frames.STOPPING)
        channel.socket.sendall(request(2))
        self.assertEqual(channel.answer(), b'begun')
        channel.close()
        written = self.stderr()
        self.assertIn(b'stopping: maximum_requests\n', written)
        self.assertLess(written.rindex(b'ended'), written.index(b'stopping'))

    def test_subscribers_are_told_although_requests_do_not_end(self):
        self.start(STOPPING, shutdown_ms=1000)
        control, (channel,) = self.greet()
        control.message()
        channel.socket.sendall(request(1, '/wait'))
        self.assertEqual(channel.frame()[0], frames.HEAD)
        self.process.send_signal(signal.SIGTERM)
        written = self.stderr()
        self.assertIn(b'stopping: shutdown_signal\n', written)
        self.assertNotIn(b'ended', written)

    def test_subscription_while_it_serves(self):
        self.start(STOPPING)
        control, (channel,) = self.greet()
        self.assertEqual(control.message(), (frames.READY, {'threads': 1}))
        channel.socket.sendall(request(1, '/subscribe'))
        channel.answer()
        self.assertEqual(control.message(), (frames.READY, {'threads': 1, 'times': True}))
        times = frames.frame(frames.TIMES, 2, frames.TIMES_PAYLOAD.pack(1000.25, 1000.5))
        channel.socket.sendall(times + request(2, '/times'))
        self.assertEqual(channel.answer(), b'1000.25 1000.5')

    def test_server_metrics_are_asked_of_the_gateway(self):
        self.start(ASKING)
        control, (channel,) = self.greet()
        control.message()
        channel.socket.sendall(request(1))
        self.assertEqual(control.message(), (frames.SCOREBOARD, {}))
        control.socket.sendall(frames.control_frame(frames.SCOREBOARD_TAKEN, {'processes': [1, 2]}))
        self.assertEqual(channel.answer(), b"{'processes': [1, 2]} None")
        # The connection is lost while a thread waits.
        channel.socket.sendall(request(2))
        self.assertEqual(control.message(), (frames.SCOREBOARD, {}))
        control.close()
        self.assertEqual(channel.answer(), b'None None')

    def test_told_to_stop_while_it_loads(self):
        self.start('import os, time\nos.write(2, b"loading")\ntime.sleep(60)')
        self.assertEqual(self.process.stderr.read(7), b'loading')
        self.lifeline.sendall(b'{"stop":"shutdown_signal"}\n')
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(TIMEOUT_SECONDS), 0)

    def test_application_that_cannot_be_loaded(self):
        self.start('import nowhere_to_be_found')
        control, hello = self.accept()
        self.assertNotIn('channel', hello)
        kind, message = control.message()
        self.assertEqual(kind, frames.FAILED)
        self.assertIn("No module named 'nowhere_to_be_found'", message['traceback'])
        self.assertNotIn('vivarium/loader', message['traceback'])
        self.assertEqual(self.process.wait(TIMEOUT_SECONDS), 3)

    def test_syntax_error_is_shown_alone(self):
        self.start('def x(:')
        control, _ = self.accept()
        _, message = control.message()
        self.assertIn('SyntaxError', message['traceback'])
        self.assertIn('def x(:', message['traceback'])
        self.assertNotIn('vivarium/loader', message['traceback'])

    def test_long_tracebacks_are_shortened(self):
        self.start('raise ValueError("x" * 3_000_000 + "the end")')
        control, _ = self.accept()
        _, message = control.message()
        self.assertLess(len(message['traceback']), 100_000)
        self.assertTrue(message['traceback'].endswith('the end\n'))

    def test_gateway_that_refuses_is_dialled_at_a_bounded_rate(self):
        threads = 2
        self.start(threads=threads)
        began = time.monotonic()
        dials = 0
        while dials < 36:
            self.listener.accept()[0].close()
            dials += 1
        # Each connection of the worker waits a tenth of a second before it tries again, or 20 ms when it was closed
        # before it could say anything: a slow machine only dials less.
        self.assertLessEqual(dials, (threads + 1) * (1 + (time.monotonic() - began) / 0.02))

    def test_new_gateway_is_told_again(self):
        self.start()
        control, (channel,) = self.greet()
        control.message()
        control.close()
        channel.close()
        control, (channel,) = self.greet()
        self.assertEqual(control.message(), (frames.READY, {'threads': 1}))
        channel.socket.sendall(request(1, '/a'))
        self.assertEqual(head(channel.frame()[2])[2], b'/a')

    def test_metrics_are_sent_and_sent_again_and_at_the_end(self):
        self.start(COUNTING)

        def count(channel, exchange):
            channel.socket.sendall(request(exchange))
            return head(channel.frame()[2])[2].decode()

        def metric():
            kind, message = control.message()
            self.assertEqual(kind, frames.METRICS)
            return [(one['name'], one['samples']) for one in message['metrics']]

        control, (channel,) = self.greet()
        self.assertEqual(control.message()[0], frames.READY)
        self.assertEqual(metric(), [('requests', [[[], 0]]), ('loads', [[[], 1]])])
        self.assertEqual(count(channel, 1), 'asked')
        self.assertEqual(metric(), [('requests', [[[], 1]])])
        control.close()
        channel.close()
        control, (channel,) = self.greet()
        self.assertEqual(control.message()[0], frames.READY)
        self.assertEqual(metric(), [('requests', [[[], 1]]), ('loads', [[[], 1]])])
        # Within the second after the last message.
        self.assertEqual(count(channel, 1), 'asked')
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(control.message()[0], frames.STOPPING)
        channel.close()
        self.assertEqual(metric(), [('requests', [[[], 2]])])
        self.assertEqual(self.process.wait(TIMEOUT_SECONDS), 0)

    def test_forked_processes_can_be_terminated(self):
        self.start()
        _, (channel,) = self.greet()
        channel.socket.sendall(request(1, '/fork'))
        self.assertEqual(head(channel.frame()[2])[2], str(int(signal.SIGTERM)).encode())


class StopTest(unittest.TestCase):
    def test_all_threads_share_one_deadline(self):
        from vivarium import control as module

        now = [0.0]

        class Stuck:
            channels = ()

            def is_serving(self):
                return True

        class Clocked(module.Control):
            def __init__(self):
                self._worker = Stuck()
                self._socket = None

            def _wait(self, *_others, seconds=None):
                now[0] += seconds

        self.addCleanup(setattr, module.time, 'monotonic', time.monotonic)
        module.time.monotonic = lambda: now[0]
        Clocked().finish(5)
        self.assertAlmostEqual(now[0], 5, delta=0.1)


if __name__ == '__main__':
    unittest.main()
