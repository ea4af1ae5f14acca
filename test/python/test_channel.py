"""vivarium/channel.py: batches, recall, bodies and lost connections, over a real socket."""

import os
import socket
import threading
import time
import unittest

from gateway import SHAPE, TIMEOUT_SECONDS, CapturedLog, FakeWorker, Gateway, head, request

from vivarium import channel as channel_module
from vivarium import frames
from vivarium.channel import Channel


def echo(environ, start_response):
    body = environ['wsgi.input'].read()
    start_response('200 OK', [])
    return [environ['PATH_INFO'].encode('latin-1') + body]


class Gate:
    """An application that waits at `/wait…` until it is let go; keeps what it ran."""

    def __init__(self):
        self.ran = []
        self.entered = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def __call__(self, environ, start_response):
        path = environ['PATH_INFO']
        self.ran.append(path)
        start_response('200 OK', [])
        if path.startswith('/wait'):
            self.entered.release()
            self.go.acquire(timeout=TIMEOUT_SECONDS)
        return [path.encode()]

    def wait_until_entered(self):
        assert self.entered.acquire(timeout=TIMEOUT_SECONDS)


class ChannelTest(unittest.TestCase):
    def start(self, application):
        gateway = Gateway(application)
        self.addCleanup(gateway.close)
        gateway.send(SHAPE)
        return gateway

    # Batches

    def test_the_first_batch_of_a_connection_is_measured_from_its_beginning(self):
        gateway = self.start(echo)
        gateway.send(request(1, '/'))
        gateway.answer()
        # When the second answer is there, so are the timings of the first.
        gateway.send(request(2, '/'))
        gateway.answer()
        count, _cpu_us, wall_us = gateway.timings[0]
        self.assertEqual(count, 1)
        self.assertLess(wall_us, TIMEOUT_SECONDS * 1e6)

    def test_requests_of_one_read_are_answered_with_one_write(self):
        gateway = self.start(echo)
        gateway.send(*(request(n, f'/{n}') for n in range(1, 21)))
        # Nothing is sent before all are done, and then all of it.
        gateway._buffer = gateway.socket.recv(1_000_000)
        gateway.socket.setblocking(False)
        self.assertEqual([gateway.answer() for _ in range(20)], [(n, b'/%d' % n) for n in range(1, 21)])
        gateway.socket.settimeout(TIMEOUT_SECONDS)

    def test_frames_in_any_pieces(self):
        gateway = self.start(echo)
        data = b''.join((request(1, '/a', b'xyz'), SHAPE, request(2, '/b')))
        for byte in data:
            gateway.send(bytes([byte]))
        self.assertEqual([gateway.answer(), gateway.answer()], [(1, b'/axyz'), (2, b'/b')])

    def test_finished_answers_are_sent_with_the_first_block_of_a_stream(self):
        def application(environ, start_response):
            start_response('200 OK', [])
            return iter([b'a', b'b']) if environ['PATH_INFO'] == '/stream' else [b'whole']

        gateway = self.start(application)
        gateway.send(request(1), request(2, '/stream'), request(3))
        kinds = [gateway.frame()[:2] for _ in range(6)]
        self.assertEqual(
            kinds,
            [(frames.RESPONSE, 1), (frames.HEAD, 2), (frames.DATA, 2), (frames.DATA, 2), (frames.END, 2), (frames.RESPONSE, 3)],
        )

    # Recall

    def test_recall_takes_back_what_has_not_started_and_sends_what_is_finished(self):
        gate = Gate()
        gateway = self.start(gate)
        gateway.send(request(1, '/a'), request(2, '/wait'), request(3, '/c'), request(4, '/d'))
        gate.wait_until_entered()
        self.assertEqual(gateway.channel.recall(0, 4), 2)
        self.assertEqual(gateway.answer(), (1, b'/a'))
        gateway.send(request(5, '/e'))
        gate.go.release()
        self.assertEqual([gateway.answer(), gateway.answer()], [(2, b'/wait'), (5, b'/e')])
        self.assertEqual(gate.ran, ['/a', '/wait', '/e'])
        self.assertEqual(gateway.worker.ledger[0], 5)

    def test_recalls_in_a_row(self):
        gate = Gate()
        gateway = self.start(gate)
        gateway.send(request(1, '/wait'), request(2, '/b'))
        gate.wait_until_entered()
        channel = gateway.channel
        self.assertEqual(channel.recall(0, 2), 1)
        self.assertEqual(channel.recall(0, 2), 1)
        # 3 and 5 are sent after what was recalled; 4 is recalled by itself, before 3 has run.
        gateway.send(request(3, '/c'), request(4, '/d'), request(5, '/e'))
        self.assertEqual(channel.recall(3, 4), 3)
        gate.go.release()
        self.assertEqual([gateway.answer() for _ in range(3)], [(1, b'/wait'), (3, b'/c'), (5, b'/e')])
        self.assertEqual(gate.ran, ['/wait', '/c', '/e'])

    def test_recall_of_what_is_still_on_its_way(self):
        gateway = self.start(echo)
        gateway.send(request(1, '/a'))
        gateway.answer()
        self.assertEqual(gateway.channel.recall(1, 2), 1)
        gateway.send(request(2, '/b', follows=True), frames.frame(2, 2, b'body'), frames.frame(3, 2), request(3, '/c'))
        self.assertEqual(gateway.answer(), (3, b'/c'))

    def test_what_a_former_gateway_has_asked_for_does_not_concern_the_requests_of_the_next(self):
        # The ids of a gateway begin anywhere: far above or far below those of the one before it.
        for first, recalled in ((1000, 70), (1000, 1_000_000)):
            gateway = self.start(echo)
            gateway.channel.recall(recalled, recalled + 8)
            gateway.channel.abort(recalled + 10)
            gateway.send(*(request(first + n, '/%d' % n) for n in range(100)))
            answers = [gateway.answer() for _ in range(100)]
            self.assertEqual(answers, [(first + n, b'/%d' % n) for n in range(100)])

    def test_recall_across_the_wrap_of_numbers(self):
        gate = Gate()
        gateway = self.start(gate)
        top = 0xFFFFFFFF
        gateway.channel._started = top - 2
        gateway.send(request(top - 1, '/wait'), request(top, '/b'), request(0, '/c'), request(1, '/d'))
        gate.wait_until_entered()
        self.assertEqual(gateway.channel.recall(top - 2, 0), top - 1)
        gate.go.release()
        self.assertEqual([gateway.answer(), gateway.answer()], [(top - 1, b'/wait'), (1, b'/d')])

    def test_recall_sends_an_answer_that_is_held(self):
        gate = Gate()

        def application(_environ, start_response):
            start_response('200 OK', [('Content-Length', '2')])
            yield b'ok'
            gate.entered.release()
            gate.go.acquire(timeout=TIMEOUT_SECONDS)

        gateway = self.start(application)
        gateway.send(request(1))
        gate.wait_until_entered()
        gateway.channel.recall(0, 1)
        kind, _, payload = gateway.frame()
        self.assertEqual((kind, head(payload)[1]), (frames.HEAD, [('Content-Length', '2')]))
        self.assertEqual(gateway.frame(), (frames.DATA, 1, b'ok'))
        gate.go.release()
        self.assertEqual(gateway.frame(), (frames.END, 1, b''))

    def test_main_thread_does_not_wait_for_a_gateway_that_does_not_read(self):
        gate = Gate()

        def application(environ, start_response):
            if environ['PATH_INFO'] == '/wait':
                return gate(environ, start_response)
            start_response('200 OK', [])
            return [b'x' * 60000]

        gateway = self.start(application)
        count = 40
        gateway.send(*(request(n) for n in range(1, count + 1)), request(count + 1, '/wait'))
        gate.wait_until_entered()
        # More than the socket takes: this would not return if it waited.
        gateway.channel.recall(count + 1, count + 1)
        self.assertTrue(gateway.channel.unsent)
        gate.go.release()
        self.assertEqual([gateway.answer()[0] for _ in range(count + 1)], list(range(1, count + 2)))

    # Abort

    def test_abort_of_several_requests(self):
        gate = Gate()
        closed = []

        class Endless:
            def __iter__(self):
                return self

            def __next__(self):
                gate.entered.release()
                gate.go.acquire(timeout=TIMEOUT_SECONDS)
                return b'x'

            def close(self):
                closed.append(True)

        def application(environ, start_response):
            start_response('200 OK', [])
            return Endless() if environ['PATH_INFO'] == '/endless' else [b'']

        gateway = self.start(application)
        gateway.send(request(1, '/endless'), request(2, '/endless'), request(3))
        gate.wait_until_entered()
        # The one that was not begun never is.
        self.assertEqual([gateway.channel.abort(exchange) for exchange in (2, 1)], [True, False])
        gate.go.release(2)
        while (answer := gateway.frame()[:2]) != (frames.RESPONSE, 3):
            self.assertEqual(answer[1], 1)
        self.assertEqual(closed, [True])

    def test_aborts_are_forgotten(self):
        gateway = self.start(echo)
        for n in range(1, 50):
            gateway.send(request(n))
            gateway.answer()
            gateway.channel.abort(n)
        self.assertLess(len(gateway.channel.aborted), 3)

    # Bodies

    def test_body_that_follows(self):
        gateway = self.start(echo)
        gateway.send(request(1, '/', follows=True), frames.frame(2, 1, b'ab'))
        gateway.send(frames.frame(2, 1, b''), frames.frame(2, 1, b'c' * 50000), frames.frame(3, 1), request(2, '/next'))
        self.assertEqual(gateway.answer(), (1, b'/ab' + b'c' * 50000))
        self.assertEqual(gateway.answer(), (2, b'/next'))

    def test_body_that_is_not_read(self):
        def application(environ, start_response):
            start_response('413 Too Large', [])
            return [environ['wsgi.input'].read(3)]

        gateway = self.start(application)
        for cut in (b'', b'the request has been answered'):
            gateway.send(request(1, '/', follows=True), frames.frame(2, 1, b'x' * 100))
            # Answered before the rest has come.
            self.assertEqual(gateway.answer(), (1, b'xxx'))
            gateway.send(frames.frame(2, 1, b'y' * 100000), frames.frame(3, 1, cut), request(2, '/', b'abcd'))
            self.assertEqual(gateway.answer(), (2, b'abc'))

    def test_body_that_is_cut(self):
        seen = []

        def application(environ, start_response):
            for _ in range(2):
                try:
                    environ['wsgi.input'].read()
                except OSError as error:
                    seen.append(str(error))
            start_response('400 Cut', [])
            return [b'']

        gateway = self.start(application)
        gateway.send(request(1, '/', follows=True), frames.frame(2, 1, b'part'), frames.frame(3, 1, b'the client has gone'))
        gateway.answer()
        self.assertEqual(seen, ['the request body is not whole: the client has gone'] * 2)

    # Connections

    def test_lost_connection_is_dialled_again_and_numbers_begin_anew(self):
        pairs = [socket.socketpair() for _ in range(2)]
        worker = FakeWorker(echo, [theirs for _, theirs in pairs])
        thread = threading.Thread(target=Channel(worker, 0).run)
        thread.start()
        for ours, _ in pairs:
            ours.settimeout(TIMEOUT_SECONDS)
            ours.sendall(SHAPE + request(7))
            self.assertTrue(ours.recv(1000))
            self.assertEqual(worker.ledger[0], 7)
            ours.close()
        thread.join(TIMEOUT_SECONDS)
        self.assertFalse(thread.is_alive())
        self.assertEqual(worker.dials, 3)

    def test_ledger_stays_until_the_next_connection_is_used(self):
        pairs = [socket.socketpair() for _ in range(2)]
        worker = FakeWorker(echo, [theirs for _, theirs in pairs])
        thread = threading.Thread(target=Channel(worker, 0).run)
        thread.start()
        (first, _), (second, _) = pairs
        first.sendall(SHAPE + request(7))
        first.recv(1000)
        first.close()
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while worker.dials < 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        self.assertEqual(worker.ledger[0], 7)
        second.settimeout(TIMEOUT_SECONDS)
        second.sendall(SHAPE)
        second.close()
        thread.join(TIMEOUT_SECONDS)
        self.assertEqual(worker.ledger[0], 0)

    def test_gateway_that_closes_every_connection_is_not_dialled_without_end(self):
        pairs = [socket.socketpair() for _ in range(3)]
        for ours, _ in pairs:
            ours.close()
        worker = FakeWorker(echo, [theirs for _, theirs in pairs])
        pauses = []
        worker.stopping.wait = pauses.append
        Channel(worker, 0).run()
        self.assertEqual(pauses, [channel_module.PAUSE_SECONDS] * 3)

    def test_gateway_that_goes_while_a_stream_runs(self):
        closed = threading.Event()

        def application(_environ, start_response):
            start_response('200 OK', [])
            try:
                while True:
                    yield b'x' * 60000
            finally:
                closed.set()

        gateway = Gateway(application)
        gateway.send(SHAPE, request(1))
        gateway.frame()
        gateway.close()
        self.assertTrue(closed.is_set())

    def test_malformed_request_is_logged_and_the_connection_closed(self):
        gateway = Gateway(echo)
        with CapturedLog() as log:
            gateway.send(request(1))  # of a shape that was not told
            with self.assertRaises(EOFError):
                gateway.frame()
            gateway.close()
        self.assertIn('channel-failed', log.text)

    # Forks

    def test_forked_child_serves_nothing(self):
        read, write = os.pipe()
        gateway = None

        def application(environ, start_response):
            start_response('200 OK', [])
            if environ['PATH_INFO'] == '/fork' and os.fork() == 0:
                gateway.worker.stopping.set()
                gateway.channel.abandon()
                os.write(write, b'forked')
                os.close(write)
                return [b'from the child']
            os.write(write, environ['PATH_INFO'].encode())
            return [b'from the parent']

        gateway = self.start(application)
        gateway.send(request(1, '/fork'), request(2, '/next'))
        self.assertEqual([gateway.answer(), gateway.answer()], [(1, b'from the parent'), (2, b'from the parent')])
        pid, status = os.wait()
        self.assertGreater(pid, 0)
        self.assertTrue(os.WIFEXITED(status))
        os.close(write)
        with open(read, 'rb') as stream:
            written = stream.read()
        self.assertEqual(sorted([written.count(b'forked'), written.count(b'/fork'), written.count(b'/next')]), [1, 1, 1])
        # The child no longer holds the connection: its end is seen at once.
        gateway.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(gateway.socket.recv(1), b'')


if __name__ == '__main__':
    unittest.main()
