"""vivarium/interrupt.py and Channel.interrupt: the exception hits the request it is meant for, and no other."""

import cProfile
import random
import socket
import sys
import threading
import time
import unittest

from gateway import SHAPE, TIMEOUT_SECONDS, CapturedLog, FakeWorker, request

from vivarium import RequestTimeout, frames
from vivarium.channel import Channel

RACES = 3000
RACES_SECONDS = 8


class Site:
    """A channel that dials again as often as it wants, and the gateway's end of its present connection."""

    def __init__(self, application):
        self.worker = FakeWorker(application)
        self.worker.dial = self._dial
        self._dialled = threading.Semaphore(0)
        self._ends = []
        self.socket = None
        self.buffer = b''
        self.channel = Channel(self.worker, 0)
        self.thread = threading.Thread(target=self.channel.run, daemon=True)
        self.thread.start()
        self.accept()

    def _dial(self, _index):
        if self.worker.stopping.is_set():
            return None
        ours, theirs = socket.socketpair()
        ours.settimeout(TIMEOUT_SECONDS)
        self._ends.append(ours)
        self._dialled.release()
        return theirs

    def accept(self):
        """Waits until the channel has dialled again."""
        assert self._dialled.acquire(timeout=TIMEOUT_SECONDS)
        self.socket = self._ends.pop(0)
        self.buffer = b''
        self.socket.sendall(SHAPE)

    def read(self):
        """(kind, exchange) of the next frame but timings; None when the channel has closed."""
        while True:
            if len(self.buffer) >= frames.HEADER_BYTES:
                length, exchange, kind = frames.HEADER.unpack_from(self.buffer)
                end = frames.HEADER_BYTES + length
                if len(self.buffer) >= end:
                    self.buffer = self.buffer[end:]
                    if kind != frames.TIMINGS:
                        return kind, exchange
                    continue
            try:
                chunk = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not chunk:
                return None
            self.buffer += chunk

    def wait_until_back(self):
        """After an interrupt: the connection is closed, and another one dialled."""
        while self.read() is not None:
            pass
        self.socket.close()
        self.accept()

    def close(self):
        self.worker.stopping.set()
        self.socket.close()
        until = time.monotonic() + TIMEOUT_SECONDS
        while self.thread.is_alive() and time.monotonic() < until:
            # It may be dialling right now.
            for end in self._ends:
                end.close()
            self.thread.join(0.05)
        assert not self.thread.is_alive()


class InterruptTest(unittest.TestCase):
    def start(self, application):
        entered = threading.Event()
        seen = []

        def wrapped(environ, start_response):
            if environ['PATH_INFO'] != '/slow':
                start_response('200 OK', [])
                return [b'fine']
            return application(environ, start_response, entered, seen)

        site = Site(wrapped)
        self.addCleanup(site.close)
        return site, entered, seen

    def interrupt(self, site, entered):
        site.socket.sendall(request(1, '/slow'))
        self.assertTrue(entered.wait(TIMEOUT_SECONDS))
        with CapturedLog() as log:
            stack = site.channel.interrupt(1, True)
            site.wait_until_back()
        self.assertNotIn('application-exception', log.text)
        site.socket.sendall(request(2))
        self.assertEqual(site.read(), (frames.RESPONSE, 2))
        return stack

    def test_loop_that_catches_exception(self):
        def application(_environ, _start_response, entered, seen):
            try:
                while True:
                    try:
                        entered.set()
                        time.sleep(0.005)
                    except Exception as error:
                        seen.append(error)
            except RequestTimeout:
                seen.append('cleaned up')
                raise

        site, entered, seen = self.start(application)
        stack = self.interrupt(site, entered)
        self.assertEqual(seen, ['cleaned up'])
        self.assertIn('in application\n', stack)
        self.assertIn('time.sleep(0.005)', stack)
        # How we came to the application helps nobody.
        self.assertNotIn('_request', stack)
        self.assertNotIn('threading.py', stack)

    def test_where_it_is_can_be_asked_without_an_interrupt(self):
        leave = threading.Event()

        def application(_environ, start_response, entered, _seen):
            entered.set()
            leave.wait(TIMEOUT_SECONDS)
            start_response('200 OK', [])
            return [b'']

        site, entered, _ = self.start(application)
        self.assertIsNone(site.channel.where())
        site.socket.sendall(request(1, '/slow'))
        self.assertTrue(entered.wait(TIMEOUT_SECONDS))
        exchange, stack = site.channel.where()
        self.assertEqual(exchange, 1)
        self.assertIn('leave.wait(TIMEOUT_SECONDS)', stack)
        leave.set()
        self.assertEqual(site.read(), (frames.RESPONSE, 1))
        self.assertIsNone(site.channel.where())

    def test_application_that_swallows_it_and_answers(self):
        def application(_environ, start_response, entered, seen):
            try:
                while True:
                    entered.set()
                    time.sleep(0.005)
            except BaseException as error:
                seen.append(type(error))
            start_response('200 OK', [])
            return [b'late']

        site, entered, seen = self.start(application)
        self.interrupt(site, entered)
        self.assertEqual(seen, [RequestTimeout])

    def test_generator_is_closed(self):
        def application(_environ, start_response, entered, seen):
            start_response('200 OK', [])
            try:
                while True:
                    yield b'x'
                    entered.set()
                    time.sleep(0.001)
            finally:
                seen.append('closed')

        site, entered, seen = self.start(application)
        self.interrupt(site, entered)
        self.assertEqual(seen, ['closed'])

    def test_while_the_body_is_read(self):
        def application(environ, _start_response, entered, seen):
            entered.set()
            try:
                environ['wsgi.input'].read()
            except BaseException as error:
                seen.append(type(error))
                raise

        site, entered, seen = self.start(application)
        site.socket.sendall(request(1, '/slow', follows=True))
        self.assertTrue(entered.wait(TIMEOUT_SECONDS))
        self.assertIsNotNone(site.channel.interrupt(1, True))
        site.socket.sendall(frames.frame(frames.REQUEST_END, 1, b'too late'))
        site.wait_until_back()
        self.assertEqual(seen, [RequestTimeout])
        site.socket.sendall(request(2))
        self.assertEqual(site.read(), (frames.RESPONSE, 2))

    def test_profilers_work_after_it(self):
        def application(_environ, _start_response, entered, _seen):
            entered.set()
            while True:
                time.sleep(0.001)

        site, entered, _ = self.start(application)
        self.interrupt(site, entered)
        # Python 3.11 would hang here if the interpreter still looked for the exception.
        self.assertEqual(cProfile.Profile().runcall(lambda: 'done'), 'done')

    def test_request_after_it_is_not_run_on_the_same_connection(self):
        ran = []

        def application(_environ, _start_response, entered, _seen):
            ran.append('slow')
            while True:
                entered.set()
                time.sleep(0.001)

        site, entered, _ = self.start(application)
        site.socket.sendall(request(1, '/slow') + request(2, '/slow'))
        self.assertTrue(entered.wait(TIMEOUT_SECONDS))
        site.channel.interrupt(1, True)
        self.assertIsNone(site.read())
        self.assertEqual((ran, site.worker.ledger[0]), (['slow'], 1))

    def test_where_it_is_without_interrupting(self):
        go = threading.Event()

        def application(_environ, start_response, entered, _seen):
            entered.set()
            go.wait(TIMEOUT_SECONDS)
            start_response('200 OK', [])
            return [b'']

        site, entered, _ = self.start(application)
        site.socket.sendall(request(1, '/slow'))
        self.assertTrue(entered.wait(TIMEOUT_SECONDS))
        self.assertIn('go.wait', site.channel.interrupt(1, False))
        self.assertIsNone(site.channel.interrupt(2, True))
        go.set()
        self.assertEqual(site.read(), (frames.RESPONSE, 1))
        self.assertIsNone(site.channel.interrupt(1, True))

    def test_one_that_the_application_raises_is_a_failure_like_others(self):
        def application(_environ, _start_response, _entered, _seen):
            raise RequestTimeout

        site, _, _ = self.start(application)
        with CapturedLog() as log:
            site.socket.sendall(request(1, '/slow'))
            self.assertEqual(site.read(), (frames.FAIL, 1))
        self.assertIn('application-exception', log.text)

    def test_interrupts_at_any_moment_hit_their_request_or_nothing(self):
        """Requests that end by themselves at about the moment of the interrupt."""
        chance = random.Random(7)
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        # Threads take turns after a few bytecodes.
        sys.setswitchinterval(1e-6)
        hits = []
        wrong = []
        steps = [0]
        started = threading.Semaphore(0)

        def application(environ, start_response):
            try:
                if environ['PATH_INFO'] == '/victim':
                    started.release()
                    for n in range(steps[0]):
                        if n % 500 == 0:
                            time.sleep(0)
                start_response('200 OK', [('Content-Length', '2')])
                return [b'ok'] if steps[0] % 2 else iter([b'ok', b''])
            except RequestTimeout:
                (hits if environ['PATH_INFO'] == '/victim' else wrong).append(1)
                raise

        site = Site(application)
        self.addCleanup(site.close)
        until = time.monotonic() + RACES_SECONDS
        races = interrupted = exchange = 0
        while races < RACES and time.monotonic() < until:
            races += 1
            steps[0] = chance.randrange(0, 4000)
            victim, exchange = exchange + 1, exchange + 2
            site.socket.sendall(request(victim, '/victim') + request(exchange, '/next'))
            started.acquire()
            if chance.random() < 0.7:
                time.sleep(chance.random() * 0.0005)
            was_running = site.channel.interrupt(victim, True) is not None
            if was_running:
                interrupted += 1
                while site.read() is not None:
                    pass
                self.assertEqual(site.worker.ledger[0], victim)
                site.socket.close()
                site.accept()
                site.socket.sendall(request(exchange, '/next'))
            else:
                self.assertEqual(site.read(), (frames.RESPONSE, victim))
            self.assertEqual(site.read(), (frames.RESPONSE, exchange))
        self.assertEqual(wrong, [])
        self.assertTrue(site.thread.is_alive())
        # Both ends of the race were seen.
        self.assertGreater(interrupted, 0)
        self.assertLess(interrupted, races)


if __name__ == '__main__':
    unittest.main()
