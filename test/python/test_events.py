"""vivarium/events.py and observed.py: what subscribers are told, what they may change, and that they break nothing."""

import io
import os
import struct
import sys
import threading
import time
import unittest

from gateway import SHAPE, TIMEOUT_SECONDS, CapturedLog, Gateway, head, request

import vivarium
from vivarium import events, frames, hosting
from vivarium.channel import Channel
from vivarium.observed import ObservedResponder
from vivarium.observed_input import ObservedInput
from vivarium.wsgi import Responder


class Hosting:
    """What events need of the worker."""

    callable_name = 'application'

    def observe(self):
        Channel.responder = ObservedResponder


class EventsTest(unittest.TestCase):
    def setUp(self):
        hosting.worker = Hosting()
        self.addCleanup(self.restore)
        self.told = []

    def restore(self):
        hosting.worker = None
        Channel.responder = Responder
        for known in (events.event_callbacks, events.shutdown_callbacks, events.active_requests):
            known.clear()

    def start(self, application):
        gateway = Gateway(application)
        self.addCleanup(gateway.close)
        gateway.send(SHAPE)
        return gateway

    def subscribe(self):
        @vivarium.subscribe_events
        def tell(name, **event):
            self.told.append((name, event))

        return tell

    def names(self):
        return [name for name, _ in self.told]

    def event(self, name):
        (found,) = [event for told, event in self.told if told == name]
        return found

    def ask(self, application, *frames_of_request):
        """The last frame of the answer to one request, once all has been told of it."""
        gateway = self.start(application)
        gateway.send(*(frames_of_request or [request(1)]))
        found = gateway.frame()
        while found[0] in (frames.HEAD, frames.DATA):
            found = gateway.frame()
        gateway.close()
        return found

    def test_nothing_changes_before_the_first_subscription(self):
        self.assertIs(Channel.responder, Responder)
        vivarium.subscribe_shutdown(print)
        self.assertIs(Channel.responder, Responder)
        self.subscribe()
        self.assertIs(Channel.responder, ObservedResponder)

    def test_events_of_a_request(self):
        def application(environ, start_response):
            self.assertEqual(list(events.active_requests), ['id'])
            vivarium.request_data()['seen'] = environ['wsgi.input'].read(3) + environ['wsgi.input'].read()
            start_response('201 Created', [('X-A', 'b')])
            return [b'four']

        tell = self.subscribe()
        began = time.time()
        _, _, answer = self.ask(application, request(1, '/a', b'hello'))
        self.assertEqual(head(answer), ('201 Created', [('X-A', 'b')], b'four'))
        ended = time.time()
        self.assertTrue(callable(tell))
        self.assertEqual(self.names(), ['request_started', 'response_started', 'request_finished'])
        started, finished = self.event('request_started'), self.event('request_finished')
        self.assertEqual(started['request_environ']['PATH_INFO'], '/a')
        self.assertEqual((started['request_id'], started['thread_id'], started['server_pid']), ('id', 1, os.getpid()))
        self.assertEqual(started['callable_object'], 'application')
        times = [finished[name] for name in ('daemon_start', 'application_start', 'application_finish')]
        self.assertEqual(sorted([began, *times, ended]), [began, *times, ended])
        self.assertEqual(finished['application_time'], times[2] - times[1])
        counts = {'input_reads': 2, 'input_length': 5, 'output_writes': 1, 'output_length': 4, 'status': 201}
        self.assertEqual({name: finished[name] for name in counts}, counts)
        self.assertEqual(finished['cpu_time'], finished['cpu_user_time'] + finished['cpu_system_time'])
        self.assertEqual(finished['request_data'], {'seen': b'hello'})
        self.assertEqual(events.active_requests, {})
        responded = self.event('response_started')
        self.assertEqual((responded['response_status'], responded['response_headers']), ('201 Created', [('X-A', 'b')]))
        self.assertIsNone(responded['exception_info'])

    def test_cpu_time(self):
        def application(_environ, start_response):
            begin = time.thread_time()
            while time.thread_time() - begin < 0.05:
                pass
            start_response('200 OK', [])
            return [b'']

        self.subscribe()
        self.ask(application)
        self.assertGreater(self.event('request_finished')['cpu_time'], 0.03)

    def test_times_of_the_gateway(self):
        def application(_environ, start_response):
            start_response('200 OK', [])
            return [b'']

        self.subscribe()
        times = frames.frame(frames.TIMES, 1, struct.pack('<dd', 1000.25, 1000.5))
        self.ask(application, times, request(1))
        started = self.event('request_started')
        self.assertEqual((started['request_start'], started['queue_start']), (1000.25, 1000.5))

    def test_times_of_a_request_that_was_recalled_are_not_those_of_the_next(self):
        channel = object.__new__(Channel)
        channel._times = (1, (1.0, 2.0))
        self.assertEqual(channel.gateway_times(1), (1.0, 2.0))
        self.assertIsNone(channel.gateway_times(2))

    def test_bytes_and_time_of_a_stream(self):
        def application(_environ, start_response):
            write = start_response('200 OK', [])
            write(b'ab')
            yield b'cde'
            yield b''
            yield b'f' * 100_000

        self.subscribe()
        self.ask(lambda environ, start_response: list(application(environ, start_response)))
        self.ask(application)
        for event in [event for name, event in self.told if name == 'request_finished']:
            self.assertEqual(event['output_length'], 100_005)
            self.assertGreater(event['output_time'], 0)
        self.assertEqual(self.told[-1][1]['output_writes'], 3)

    def test_exception(self):
        def application(_environ, _start_response):
            raise KeyError('lost')

        self.subscribe()
        with CapturedLog() as log:
            kind, _, why = self.ask(application)
        self.assertEqual((kind, why), (frames.FAIL, b"KeyError: 'lost'"))
        self.assertEqual(self.names(), ['request_started', 'request_exception', 'request_finished'])
        error = self.event('request_exception')['exception_info']
        self.assertEqual((error[0], str(error[1])), (KeyError, "'lost'"))
        self.assertEqual(error[2].tb_frame.f_code.co_name, 'run')
        self.assertEqual(self.event('request_finished')['status'], 0)
        self.assertIn('application-exception', log.text)

    def test_exception_that_the_application_answers(self):
        def application(_environ, start_response):
            try:
                raise ValueError
            except ValueError:
                start_response('500 Oops', [], sys.exc_info())
            return [b'']

        self.subscribe()
        self.ask(application)
        self.assertIs(self.event('response_started')['exception_info'][0], ValueError)
        self.assertEqual(self.event('request_finished')['status'], 500)

    def test_what_a_subscriber_returns_is_for_those_after_it(self):
        def wrap(name, application_object=None, **_event):
            if name != 'request_started':
                return None

            def wrapped(environ, start_response):
                return [b'wrapped ', *application_object(environ, start_response)]

            return {'application_object': wrapped, 'added': name}

        def change(name, **event):
            self.assertEqual(event.get('added'), 'request_started' if name == 'request_started' else None)
            if name == 'request_started':
                event['request_environ']['added'] = b'twice '
                return wrap(name, **event)
            return None

        def application(environ, start_response):
            start_response('200 OK', [])
            return [environ['added']]

        vivarium.subscribe_events(wrap)
        vivarium.subscribe_events(change)
        self.assertEqual(head(self.ask(application)[2])[2], b'wrapped wrapped twice ')

    def test_subscriber_that_raises_is_named_and_breaks_nothing(self):
        def application(_environ, start_response):
            start_response('200 OK', [])
            return [b'fine']

        @vivarium.subscribe_events
        def broken(name, **_event):
            raise SystemExit(name) if name == 'request_finished' else RuntimeError(name)

        self.subscribe()
        with CapturedLog() as log:
            gateway = self.start(application)
            gateway.send(request(1), request(2))
            self.assertEqual([gateway.answer()[1], gateway.answer()[1]], [b'fine', b'fine'])
            gateway.close()
        self.assertEqual(len(self.told), 6)
        self.assertEqual(log.text.count('event-callback-failed'), 6)
        self.assertIn('test_events.EventsTest.test_subscriber', log.text)
        self.assertIn('SystemExit: request_finished', log.text)
        self.assertIn('[request id]', log.text)

    def test_requests_of_threads_are_told_apart(self):
        barrier = threading.Barrier(2, timeout=TIMEOUT_SECONDS)

        def application(environ, start_response):
            vivarium.request_data()['path'] = environ['PATH_INFO']
            barrier.wait()
            start_response('200 OK', [])
            return [b'']

        self.subscribe()
        gateways = [self.start(application) for _ in range(2)]
        for number, gateway in enumerate(gateways):
            gateway.send(request(1, f'/{number}'))
        for gateway in gateways:
            gateway.answer()
            gateway.close()
        finished = [event['request_data'] for name, event in self.told if name == 'request_finished']
        self.assertEqual(sorted(data['path'] for data in finished), ['/0', '/1'])

    def test_connection_that_is_lost(self):
        entered, lost = threading.Event(), threading.Event()

        def application(_environ, start_response):
            start_response('200 OK', [])
            entered.set()
            lost.wait(TIMEOUT_SECONDS)
            for _ in range(100):
                yield b'x' * 100_000

        self.subscribe()
        gateway = self.start(application)
        gateway.send(request(1))
        self.assertTrue(entered.wait(TIMEOUT_SECONDS))
        gateway.socket.close()
        lost.set()
        gateway.close()
        self.assertEqual(self.names()[-1], 'request_finished')
        self.assertEqual(events.active_requests, {})

    def test_stopping(self):
        self.subscribe()
        vivarium.subscribe_shutdown(lambda name, **event: self.told.append((name, event)))
        events.publish_stopping('maximum_requests')
        self.assertEqual(self.told, [('process_stopping', {'shutdown_reason': 'maximum_requests'})] * 2)

    def test_mistakes(self):
        with self.assertRaisesRegex(TypeError, 'str is not callable'):
            vivarium.subscribe_events('x')
        with self.assertRaisesRegex(AttributeError, "'vivarium' has no attribute 'subscribe'"):
            vivarium.subscribe

    def test_active_requests_are_kept_once_somebody_asks(self):
        self.assertIs(vivarium.active_requests, events.active_requests)
        self.assertIs(Channel.responder, ObservedResponder)


class ObservedInputTest(unittest.TestCase):
    def test_every_way_to_read(self):
        stream = ObservedInput(io.BytesIO(b'a\nbc\nd\ne\nrest'))
        self.assertEqual(stream.readline(), b'a\n')
        self.assertEqual(next(iter(stream)), b'bc\n')
        self.assertEqual(stream.readlines(1), [b'd\n'])
        self.assertEqual(stream.readinto(bytearray(2)), 2)
        self.assertEqual(stream.read(), b'rest')
        self.assertEqual(stream.read(), b'')
        self.assertEqual((stream.reads, stream.length, stream.tell()), (6, 13, 13))


if __name__ == '__main__':
    unittest.main()
