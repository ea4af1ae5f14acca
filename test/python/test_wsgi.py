"""vivarium/wsgi.py: one request after PEP 3333, from the call of the application to the frames of its answer."""

import array
import unittest

from gateway import CapturedLog, head

from vivarium import frames
from vivarium.wsgi import GatewayGone, Responder

ENVIRON = {'REQUEST_METHOD': 'GET', 'REQUEST_URI': '/', 'vivarium.request_id': 'id'}


class FakeChannel:
    """Keeps what is sent, in order: ('sent' | 'finished', frame)."""

    def __init__(self):
        self.frames = []
        self.held = None
        self.aborted = frozenset()
        self.is_gone = False

    def finish(self, frame):
        self._add('finished', frame)

    def send(self, *pieces):
        if self.is_gone:
            raise GatewayGone('gone')
        self._add('sent', b''.join(pieces))

    def hold(self, frame, body_bytes):
        self.held = (frame, body_bytes)

    def send_held(self):
        if self.held is not None:
            self._add('finished', frames.response_in_parts(*self.held))
            self.held = None

    def release(self, exchange):
        held, self.held = self.held, None
        self.finish(held[0] if held is not None else frames.frame(frames.END, exchange))

    def _add(self, how, data):
        while data:
            length, _, kind = frames.HEADER.unpack_from(data)
            self.frames.append((how, kind, data[9 : 9 + length]))
            data = data[9 + length :]

    @property
    def kinds(self):
        return [kind for _, kind, _ in self.frames]

    @property
    def body(self):
        """Of all frames, whole answers and parts."""
        parts = (head(p)[2] if k == frames.RESPONSE else p for _, k, p in self.frames if k in (frames.RESPONSE, frames.DATA))
        return b''.join(parts)

    @property
    def status(self):
        return next(head(p)[0] for _, k, p in self.frames if k in (frames.RESPONSE, frames.HEAD))


class Iterable:
    """Yields blocks, or raises those that are exceptions; counts the calls of close()."""

    def __init__(self, blocks, close_error=None):
        self._blocks = iter(blocks)
        self._close_error = close_error
        self.closed = 0

    def __iter__(self):
        return self

    def __next__(self):
        block = next(self._blocks)
        if isinstance(block, BaseException):
            raise block
        return block() if callable(block) else block

    def close(self):
        self.closed += 1
        if self._close_error is not None:
            raise self._close_error


class ResponderTest(unittest.TestCase):
    def run_application(self, application, channel=None):
        channel = channel or FakeChannel()
        with CapturedLog() as log:
            Responder(channel, 1).run(application, dict(ENVIRON))
        self.log = log.text
        return channel

    def answer(self, result, headers=(), channel=None):
        def application(_environ, start_response):
            start_response('200 OK', list(headers))
            return result

        return self.run_application(application, channel)

    # Whole answers

    def test_list_and_tuple_are_one_frame(self):
        for result in ([b'ab', b'c'], (b'abc',), [b'', b'abc'], [bytearray(b'abc')], [memoryview(b'abc')]):
            channel = self.answer(result)
            self.assertEqual((channel.kinds, channel.body), ([frames.RESPONSE], b'abc'))

    def test_empty_answers(self):
        for result in ([], (), [b''], Iterable([]), Iterable([b'', b'']), iter(())):
            channel = self.answer(result)
            self.assertEqual((channel.kinds, channel.body), ([frames.RESPONSE], b''))

    def test_large_list_is_sent_in_parts(self):
        channel = self.answer([b'x' * 70000])
        self.assertEqual(channel.kinds, [frames.HEAD, frames.DATA, frames.END])
        self.assertEqual(len(channel.body), 70000)

    def test_memoryview_of_large_items(self):
        items = memoryview(array.array('I', [1, 2, 3]))
        for result in ([items], Iterable([items])):
            self.assertEqual(self.answer(result).body, items.tobytes())

    # Streams

    def test_every_block_is_sent_at_once(self):
        channel = FakeChannel()
        seen = []

        def blocks():
            for block in (b'a', b'', b'b'):
                yield block
                seen.append(list(channel.kinds))

        self.answer(blocks(), channel=channel)
        self.assertEqual(seen, [[17, 18], [17, 18], [17, 18, 18]])
        self.assertEqual(channel.kinds, [frames.HEAD, frames.DATA, frames.DATA, frames.END])

    def test_generator_that_starts_the_response_late(self):
        def application(_environ, start_response):
            yield b''
            start_response('201 Made', [])
            yield b'a'

        channel = self.run_application(application)
        self.assertEqual((channel.status, channel.body), ('201 Made', b'a'))

    def test_one_declared_block_is_one_frame_after_close(self):
        channel = FakeChannel()
        result = Iterable([b'abc'], None)
        seen = []
        result.close = lambda: seen.append((list(channel.kinds), channel.held is not None))
        self.answer(result, [('Content-Length', '3')], channel)
        self.assertEqual(seen, [([], True)])
        self.assertEqual(channel.kinds, [frames.RESPONSE])

    def test_held_answer_that_was_sent_by_a_recall_is_only_ended(self):
        channel = FakeChannel()
        result = Iterable([b'abc'])
        result.close = channel.send_held
        self.answer(result, [('Content-Length', '3')], channel)
        self.assertEqual(channel.kinds, [frames.HEAD, frames.DATA, frames.END])
        self.assertEqual(channel.body, b'abc')

    def test_more_than_was_declared(self):
        for recalled in (False, True):
            channel = FakeChannel()
            second = (lambda: channel.send_held() or b'de') if recalled else b'de'
            self.answer(Iterable([b'abc', second]), [('content-length', '3')], channel)
            self.assertEqual(channel.kinds, [frames.HEAD, frames.DATA, frames.DATA, frames.END])
            self.assertEqual(channel.body, b'abcde')

    def test_write(self):
        def application(_environ, start_response):
            write = start_response('200 OK', [])
            write(b'a')
            write(memoryview(array.array('H', [1])))
            return [b'z']

        channel = self.run_application(application)
        self.assertEqual(channel.kinds, [frames.HEAD, frames.DATA, frames.DATA, frames.DATA, frames.END])
        self.assertEqual(channel.frames[1], ('sent', frames.DATA, b'a'))
        self.assertEqual(len(channel.body), 4)

    # close()

    def test_close_is_called_once_however_it_ends(self):
        gone = FakeChannel()
        gone.is_gone = True
        aborted = FakeChannel()
        aborted.aborted = frozenset([1])
        cases = {
            'complete': ([b'a', b'b'], None),
            'empty': ([], None),
            'raises at once': ([ValueError()], None),
            'raises later': ([b'a', ValueError()], None),
            'raises SystemExit': ([b'a', SystemExit(1)], None),
            'yields text': (['a'], None),
            'aborted': ([b'a', b'b'], aborted),
        }
        for name, (blocks, channel) in cases.items():
            with self.subTest(name):
                result = Iterable(blocks)
                self.answer(result, channel=channel)
                self.assertEqual(result.closed, 1)
        result = Iterable([b'a', b'b'])
        with self.assertRaises(GatewayGone):
            self.answer(result, channel=gone)
        self.assertEqual(result.closed, 1)

    def test_abort_stops_the_iteration(self):
        channel = FakeChannel()
        channel.aborted = frozenset([1])
        channel = self.answer(Iterable([b'a', AssertionError('asked for more')]), channel=channel)
        self.assertEqual(channel.kinds, [frames.HEAD, frames.DATA, frames.END])

    def test_close_that_raises_after_a_complete_answer_spoils_nothing(self):
        for headers in ([], [('Content-Length', '1')]):
            channel = self.answer(Iterable([b'a'], close_error=ValueError('in close')), headers)
            self.assertNotIn(frames.FAIL, channel.kinds)
            self.assertEqual(channel.body, b'a')
            self.assertIn('ValueError: in close', self.log)

    # Faults

    def assert_fails(self, channel, why):
        self.assertEqual(channel.kinds[-1], frames.FAIL)
        self.assertEqual(channel.kinds.count(frames.FAIL), 1)
        self.assertIn(why, channel.frames[-1][2].decode())
        self.assertIn('application-exception: [request id] GET /', self.log)

    def test_exceptions_before_the_head(self):
        for error in (ValueError('x'), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), RecursionError('deep')):

            def application(_environ, _start_response, error=error):
                raise error

            channel = self.run_application(application)
            self.assert_fails(channel, type(error).__name__)
            self.assertEqual(channel.kinds, [frames.FAIL])

    def test_recursion_without_end(self):
        def application(environ, start_response):
            return application(environ, start_response)

        self.assert_fails(self.run_application(application), 'RecursionError')

    def test_exception_after_the_head(self):
        channel = self.answer(Iterable([b'a', ValueError('late')]))
        self.assert_fails(channel, 'ValueError: late')
        self.assertEqual(channel.kinds, [frames.HEAD, frames.DATA, frames.FAIL])

    def test_exception_that_cannot_be_described(self):
        class Silent(Exception):
            def __str__(self):
                raise RuntimeError('no words')

        def application(_environ, _start_response):
            raise Silent

        self.assert_fails(self.run_application(application), 'Silent')

    def test_no_iterable_of_bytes(self):
        for result in (None, 5, 'text', b'bytes', ['text'], ['a', 'b'], [b'a', None], Iterable([None]), Iterable(['x'])):
            with self.subTest(result=result):
                self.assert_fails(self.answer(result), 'TypeError')

    def test_start_response_is_not_called(self):
        for result in ([b'a'], [], [b'x' * 70000], Iterable([b'a']), Iterable([])):
            channel = self.run_application(lambda _environ, _start, result=result: result)
            self.assert_fails(channel, 'start_response()')

    def test_malformed_heads(self):
        many = [('X', 'y')] * 40000
        for status, headers in (
            (b'200 OK', []),
            (200, []),
            ('200 OK', None),
            ('200 OK', [('A',)]),
            ('200 OK', [(b'A', b'b')]),
            ('200 OK', [('A', 1)]),
            ('200 OK', [('A', '\u20ac')]),
            ('200 OK', [('A', 'x' * 600000)]),
            ('200 OK', many),
        ):
            with self.subTest(status=status, headers=str(headers)[:40]):

                def application(_environ, start_response, status=status, headers=headers):
                    start_response(status, headers)
                    return [b'']

                channel = self.run_application(application)
                self.assertEqual(channel.kinds, [frames.FAIL])

    def test_headers_may_be_any_iterable_of_any_kind_of_text(self):
        class Text(str):
            pass

        class List(list):
            pass

        pairs = [(Text('X-A'), Text('b')), ('Content-Length', Text('3'))]
        for headers in (pairs, List(pairs), iter(pairs), (pair for pair in pairs)):

            def application(_environ, start_response, headers=headers):
                start_response(Text('200 OK'), headers)
                return Iterable([b'abc'])

            channel = self.run_application(application)
            status, sent, _ = head(channel.frames[0][2])
            self.assertEqual((status, sent), ('200 OK', [('X-A', 'b'), ('Content-Length', '3')]))

    # start_response and exc_info

    def test_second_start_response_without_exc_info(self):
        def application(_environ, start_response):
            start_response('200 OK', [])
            start_response('201 Made', [])
            return [b'']

        self.assert_fails(self.run_application(application), 'second time')

    def test_error_page_before_the_head(self):
        def application(_environ, start_response):
            start_response('200 OK', [])
            try:
                raise ValueError('x')
            except ValueError as error:
                start_response('500 Oh', [('X-E', '1')], (ValueError, error, error.__traceback__))
            return [b'sorry']

        channel = self.run_application(application)
        self.assertEqual((channel.status, channel.body), ('500 Oh', b'sorry'))

    def test_error_page_after_the_head_raises(self):
        for headers in ([], [('Content-Length', '1')]):
            raised = []

            def application(_environ, start_response, headers=headers, raised=raised):
                start_response('200 OK', headers)
                yield b'a'
                error = ValueError('late')
                try:
                    start_response('500 Oh', [], (ValueError, error, None))
                except ValueError as caught:
                    raised.append(caught)
                    raise

            channel = self.run_application(application)
            self.assertEqual(len(raised), 1)
            self.assertEqual(channel.status, '200 OK')
            # An answer that was complete stays so.
            self.assertEqual(channel.kinds[-1], frames.RESPONSE if headers else frames.FAIL)


if __name__ == '__main__':
    unittest.main()
