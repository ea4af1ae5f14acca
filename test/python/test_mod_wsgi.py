"""`import mod_wsgi` in a worker, with code that is written for it; and process_metrics()."""

import logging
import os
import sys
import tempfile
import time
import unittest
from unittest import mock

from gateway import SHAPE, CapturedLog, Gateway, request

from vivarium import events, hosting, mod_wsgi_finder, recording
from vivarium.channel import Channel
from vivarium.observed import ObservedResponder
from vivarium.wsgi import Responder


class Hosting:
    callable_name = 'application'
    name = 'shop'
    processes = 3
    threads = 2
    started_at = time.time() - 2.5

    def observe(self):
        Channel.responder = ObservedResponder


class ModWsgiTest(unittest.TestCase):
    def setUp(self):
        hosting.worker = Hosting()
        mod_wsgi_finder.install()
        self.addCleanup(self.restore)

    def restore(self):
        hosting.worker = None
        Channel.responder = Responder
        sys.meta_path.remove(mod_wsgi_finder.ModWsgiFinder)
        sys.modules.pop('mod_wsgi', None)
        recording._requests = None
        recording._busy_seconds = 0.0
        for known in (events.event_callbacks, events.shutdown_callbacks, events.environ_extensions):
            known.clear()

    def serve(self, application, count=1):
        gateway = Gateway(application)
        gateway.send(SHAPE, *(request(number + 1) for number in range(count)))
        answers = [gateway.answer()[1] for _ in range(count)]
        gateway.close()
        return answers

    def test_what_it_says(self):
        import mod_wsgi

        self.assertEqual(mod_wsgi.version[0], 6)
        self.assertEqual((mod_wsgi.process_group, mod_wsgi.application_group), ('shop', ''))
        self.assertEqual((mod_wsgi.maximum_processes, mod_wsgi.threads_per_process), (3, 2))
        self.assertIs(mod_wsgi.subscribe_signals(print), print)
        self.assertIsNone(mod_wsgi.request_metrics())
        self.assertIsNone(mod_wsgi.server_metrics())

    def test_variables_of_a_request(self):
        import mod_wsgi

        seen = {}

        def application(environ, start_response):
            seen.update({name: environ[name] for name in environ if name.startswith('mod_wsgi.')})
            self.assertEqual(list(mod_wsgi.active_requests), ['id'])
            start_response('200 OK', [])
            return [b'']

        self.serve(application)
        self.assertEqual(seen['mod_wsgi.version'], mod_wsgi.version)
        self.assertEqual(seen['mod_wsgi.server_pid'], str(os.getpid()))
        self.assertEqual((seen['mod_wsgi.request_id'], seen['mod_wsgi.thread_id']), ('id', 1))
        starts = [seen[f'mod_wsgi.{name}_start'] for name in ('request', 'queue', 'daemon', 'application')]
        self.assertEqual(sorted(starts), starts)

    def test_package_of_that_name_keeps_its_submodules(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.mkdir(f'{folder.name}/mod_wsgi')
        for name, text in (('__init__', 'raise ImportError'), ('server', 'here = True')):
            with open(f'{folder.name}/mod_wsgi/{name}.py', 'w') as file:
                file.write(text)
        self.addCleanup(sys.modules.pop, 'mod_wsgi.server', None)
        with mock.patch.object(sys, 'path', [folder.name, *sys.path]):
            import mod_wsgi.server

            self.assertTrue(mod_wsgi.server.here)
            self.assertEqual(mod_wsgi.process_group, 'shop')

    def test_log_handler(self):
        import mod_wsgi

        logger = logging.getLogger('test_mod_wsgi')
        handler = mod_wsgi.LogHandler()
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        logger.propagate = False

        def application(_environ, start_response):
            logger.warning('low on %s', 'paper')
            start_response('200 OK', [])
            return [b'']

        with CapturedLog() as log:
            self.serve(application)
            logger.critical('%d', 'no number')
        self.assertIn('[warn] [worker] application-log: [request id] test_mod_wsgi: low on paper\n', log.text)
        self.assertIn('[error] [worker] application-log: Traceback', log.text)

    def test_process_metrics(self):
        import mod_wsgi

        def application(_environ, start_response):
            start_response('200 OK', [])
            return [str(mod_wsgi.process_metrics()['active_requests']).encode()]

        self.assertIsNone(mod_wsgi.process_metrics())
        mod_wsgi.start_recording_metrics()
        mod_wsgi.start_recording_metrics()
        self.assertEqual(self.serve(application, 3), [b'1'] * 3)
        found = mod_wsgi.process_metrics()
        self.assertEqual((found['pid'], found['request_count'], found['active_requests']), (os.getpid(), 3, 0))
        self.assertEqual(found['threads'], [{'thread_id': 1, 'request_count': 3}, {'thread_id': 2, 'request_count': 0}])
        self.assertEqual(found['running_time'], int(found['current_time'] - found['restart_time']))
        self.assertGreater(found['request_busy_time'], 0)
        self.assertEqual(found['cpu_time'], found['cpu_user_time'] + found['cpu_system_time'])
        if os.path.exists('/proc/self/status'):
            self.assertGreaterEqual(found['memory_max_rss'], found['memory_rss'])


class OutsideTest(unittest.TestCase):
    def test_nothing_is_recorded_where_there_is_no_worker(self):
        recording.start_recording_metrics()
        self.assertIsNone(recording.process_metrics())


if __name__ == '__main__':
    unittest.main()
