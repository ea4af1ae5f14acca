"""vivarium/current.py: what belongs to the request that a thread runs ends with it."""

import threading
import unittest

from gateway import SHAPE, TIMEOUT_SECONDS, Gateway, request

import vivarium


class CurrentTest(unittest.TestCase):
    def start(self, application):
        gateway = Gateway(application)
        self.addCleanup(gateway.close)
        gateway.send(SHAPE)
        return gateway

    def test_request_data_lives_as_long_as_its_request(self):
        seen = []

        def application(_environ, start_response):
            data = vivarium.request_data()
            seen.append(dict(data))
            data['left'] = 'behind'
            assert vivarium.request_data() is data
            start_response('200 OK', [])
            return [b'']

        gateway = self.start(application)
        gateway.send(request(1), request(2))
        gateway.answer()
        gateway.answer()
        self.assertEqual(seen, [{}, {}])

    def test_nothing_outside_of_a_request(self):
        with self.assertRaisesRegex(RuntimeError, 'for the thread that runs a request'):
            vivarium.request_data()
        self.assertFalse(vivarium.is_cancelled())

    def test_is_cancelled_from_the_moment_on_that_the_client_has_gone(self):
        entered, gone = threading.Event(), threading.Event()
        seen = []

        def application(environ, start_response):
            def look():
                return vivarium.is_cancelled(), environ['vivarium.is_cancelled']()

            seen.append(look())
            if environ['PATH_INFO'] == '/left':
                entered.set()
                gone.wait(TIMEOUT_SECONDS)
                seen.append(look())
            start_response('200 OK', [])
            return [b'']

        gateway = self.start(application)
        gateway.send(request(1, '/left'), request(2))
        self.assertTrue(entered.wait(TIMEOUT_SECONDS))
        gateway.channel.abort(1)
        gone.set()
        gateway.answer()
        gateway.answer()
        self.assertEqual(seen, [(False, False), (True, True), (False, False)])


if __name__ == '__main__':
    unittest.main()
