"""server_metrics(): who asks, who answers, and when there is nobody to ask."""

import threading
import time
import unittest
from unittest import mock

from vivarium import hosting, scoreboard, server_metrics
from vivarium.scoreboard import Questions


class Hosting:
    def __init__(self, questions):
        self.scoreboard = questions


class ScoreboardTest(unittest.TestCase):
    def setUp(self):
        self.woken = threading.Semaphore(0)
        self.questions = Questions(self.woken.release)
        hosting.worker = Hosting(self.questions)
        self.addCleanup(setattr, hosting, 'worker', None)

    def ask_in_thread(self, answers):
        thread = threading.Thread(target=lambda: answers.append(server_metrics()), daemon=True)
        thread.start()
        return thread

    def test_threads_that_ask_share_an_answer_but_no_object(self):
        answers = []
        with mock.patch.object(scoreboard, 'WAIT_SECONDS', 60):
            threads = [self.ask_in_thread(answers) for _ in range(2)]
            for _ in threads:
                self.woken.acquire()
        self.assertTrue(self.questions.take())
        self.assertFalse(self.questions.take())
        self.questions.answer({'processes': []})
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [{'processes': []}] * 2)
        self.assertIsNot(answers[0], answers[1])
        self.assertIsNot(answers[0]['processes'], answers[1]['processes'])

    def test_no_answer_in_time(self):
        answers = []
        with mock.patch.object(scoreboard, 'WAIT_SECONDS', 0.01):
            self.ask_in_thread(answers).join()
        self.assertEqual(answers, [None])
        # Nor is it kept for ever.
        self.questions.take()
        late = time.monotonic() + 1
        with mock.patch.object(scoreboard, 'WAIT_SECONDS', 0.01), mock.patch('time.monotonic', lambda: late):
            self.ask_in_thread(answers).join()
        self.questions.take()
        self.assertEqual(len(self.questions._asked), 1)

    def test_main_thread_does_not_wait_for_itself(self):
        self.assertIsNone(server_metrics())
        self.assertFalse(self.questions.take())

    def test_process_that_is_no_worker(self):
        answers = []
        for worker in (Hosting(None), None):
            hosting.worker = worker
            self.ask_in_thread(answers).join()
        self.assertEqual(answers, [None, None])


if __name__ == '__main__':
    unittest.main()
