"""vivarium/warmup.py: what the application is asked, and which answers will do."""

import threading
import unittest

from gateway import CapturedLog

from vivarium.current import request_data
from vivarium.loader import ApplicationError
from vivarium.warmup import warm_up


def a_request(path='/', host='localhost', scheme='http'):
    return {
        'url': path,
        'scheme': scheme,
        'host': host,
        'uri': path,
        'scriptName': '',
        'pathInfo': path,
        'query': '',
    }


class Body:
    def __init__(self, blocks):
        self.blocks = blocks
        self.taken = 0
        self.closed = 0

    def __iter__(self):
        for block in self.blocks:
            self.taken += 1
            yield block

    def close(self):
        self.closed += 1


def answering(status, body=(b'',)):
    def application(environ, start_response):
        start_response(status, [])
        return body

    return application


class WarmupTest(unittest.TestCase):
    def run_one(self, application, **parts):
        """Returns what was logged."""
        with CapturedLog() as log:
            warm_up(application, [a_request(**parts)], {'SERVER_SOFTWARE': 'vivarium'})
        return log.text

    def refuse(self, application):
        with CapturedLog(), self.assertRaises(ApplicationError) as caught:
            warm_up(application, [a_request('/health')], {})
        return str(caught.exception)

    def test_environ(self):
        seen = []

        def application(environ, start_response):
            request_data()['x'] = 1
            seen.append((environ, threading.current_thread()))
            start_response('204 No Content', [])
            return []

        self.assertEqual(self.run_one(application, path='/a', host='shop.example:8443', scheme='https'), '')
        environ, thread = seen[0]
        expected = {
            'SERVER_SOFTWARE': 'vivarium',
            'REQUEST_METHOD': 'GET',
            'PATH_INFO': '/a',
            'HTTP_HOST': 'shop.example:8443',
            'SERVER_NAME': 'shop.example',
            'SERVER_PORT': '8443',
            'wsgi.url_scheme': 'https',
            'vivarium.warmup': True,
        }
        self.assertEqual({key: environ[key] for key in expected}, expected)
        self.assertEqual(environ['wsgi.input'].read(), b'')
        self.assertIs(environ['vivarium.is_cancelled'](), False)
        self.assertIsNot(thread, threading.main_thread())

    def test_default_ports(self):
        ports = []

        def application(environ, start_response):
            ports.append((environ['SERVER_NAME'], environ['SERVER_PORT']))
            start_response('200 OK', [])
            return []

        self.run_one(application, host='[::1]')
        self.run_one(application, host='shop.example', scheme='https')
        self.assertEqual(ports, [('[::1]', '80'), ('shop.example', '443')])

    def test_each_request_in_order_until_one_fails(self):
        paths = []

        def application(environ, start_response):
            paths.append(environ['PATH_INFO'])
            start_response('503 Busy' if environ['PATH_INFO'] == '/b' else '200 OK', [])
            return []

        with self.assertRaises(ApplicationError):
            warm_up(application, [a_request(path) for path in ('/a', '/b', '/c')], {})
        self.assertEqual(paths, ['/a', '/b'])

    def test_body_is_read_to_its_end_and_closed(self):
        body = Body([b'a', b'', b'b'])
        self.run_one(answering('200 OK', body))
        self.assertEqual((body.taken, body.closed), (3, 1))

    def test_errors_of_the_application(self):
        self.assertEqual(
            self.refuse(answering('503 Busy')), 'the warm-up request GET /health was answered 503 Busy'
        )

        def fail(environ, start_response):
            raise ValueError('no database')

        text = self.refuse(fail)
        self.assertRegex(
            text,
            r'(?s)^Traceback.*in fail\n.*ValueError: no database\nthe warm-up request GET /health raised ValueError: no database$',
        )
        self.assertNotIn('vivarium/warmup.py', text)

    def test_exceptions_of_all_kinds(self):
        def leave(environ, start_response):
            raise SystemExit(1)

        self.assertIn('raised SystemExit', self.refuse(leave))
        self.assertIn('without calling start_response', self.refuse(lambda environ, start_response: []))
        self.assertIn('must be an iterable of bytes', self.refuse(answering('200 OK', ['text'])))

        def twice(environ, start_response):
            start_response('200 OK', [])
            start_response('200 OK', [])

        self.assertIn('a second time', self.refuse(twice))

    def test_a_body_that_fails_is_closed(self):
        def blocks():
            yield b'a'
            raise ValueError('late')

        body = Body(blocks())
        self.assertIn('ValueError: late', self.refuse(answering('200 OK', body)))
        self.assertEqual(body.closed, 1)

    def test_an_error_page_in_place_of_an_answer(self):
        def application(environ, start_response):
            write = start_response('200 OK', [])
            write(b'begun')
            start_response('500 Internal Server Error', [], (None, None, None))
            return [b'sorry']

        self.assertIn('was answered 500 Internal Server Error', self.refuse(application))

    def test_answers_that_warm_little_are_named(self):
        for status in ('301 Moved Permanently', '400 Bad Request', '404 Not Found'):
            log = self.run_one(answering(status), path='/health')
            self.assertIn(f'[warn] [worker] warmup-answered: the warm-up request GET /health was answered {status}', log)


if __name__ == '__main__':
    unittest.main()
