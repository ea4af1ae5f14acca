"""The golden frames of test/vectors/worker/: what the gateway writes is read, what it reads is written."""

import json
import os
import unittest

from gateway import Gateway

from vivarium import frames

VECTORS = os.path.join(os.path.dirname(__file__), '..', 'vectors', 'worker')
KINDS = {
    'response': frames.RESPONSE,
    'head': frames.HEAD,
    'data': frames.DATA,
    'end': frames.END,
    'fail': frames.FAIL,
    'timings': frames.TIMINGS,
    'hello': frames.HELLO,
    'ready': frames.READY,
    'failed': frames.FAILED,
    'stopping': frames.STOPPING,
    'evicted': frames.EVICTED,
    'recall': frames.RECALL,
    'recalled': frames.RECALLED,
    'abort': frames.ABORT,
    'interrupt': frames.INTERRUPT,
    'interrupted': frames.INTERRUPTED,
    'ping': frames.PING,
    'pong': frames.PONG,
    'stacks': frames.STACKS,
    'stacksTaken': frames.STACKS_TAKEN,
    'metrics': frames.METRICS,
    'scoreboard': frames.SCOREBOARD,
    'scoreboardTaken': frames.SCOREBOARD_TAKEN,
}


def load(name):
    with open(os.path.join(VECTORS, f'{name}.json'), encoding='utf-8') as file:
        return json.load(file)


class VectorsTest(unittest.TestCase):
    def test_requests(self):
        for vector in load('requests'):
            with self.subTest(vector['name']):
                seen = {}

                def application(environ, start_response, seen=seen):
                    seen.update(environ)
                    try:
                        seen['body'] = environ['wsgi.input'].read()
                    except OSError as error:
                        seen['body'] = error
                    start_response('200 OK', [])
                    return [b'']

                gateway = Gateway(application)
                gateway.send(*(bytes.fromhex(one['hex']) for one in vector['frames']))
                exchange, _ = gateway.answer()
                gateway.close()
                self.assertEqual(exchange, vector['id'])
                variables = {key: seen[key] for key in seen if key in vector['environ'] or key.startswith('HTTP_')}
                self.assertEqual(variables, vector['environ'])
                if vector['input'] is None:
                    self.assertIsInstance(seen['body'], OSError)
                    self.assertIn(vector['cut'], str(seen['body']))
                else:
                    self.assertEqual(seen['body'], vector['input'].encode('latin-1'))

    def test_responses(self):
        for vector in load('responses'):
            with self.subTest(vector['name']):
                kind = KINDS[vector['kind']]
                if 'status' in vector:
                    fields = vector['fields']
                    headers = list(zip(fields[::2], fields[1::2]))
                    body = vector['body'].encode('latin-1')
                    made = frames.response_head(kind, vector['id'], vector['status'], headers, body)
                elif 'timings' in vector:
                    count, cpu_us, wall_us = vector['timings']
                    made = frames.timings(vector['id'], count, cpu_us / 1e6, wall_us / 1e6)
                else:
                    made = frames.frame(kind, vector['id'], vector['payload'].encode('latin-1'))
                self.assertEqual(made.hex(), vector['hex'])

    def test_control(self):
        for vector in load('control'):
            with self.subTest(kind=vector['kind']):
                golden = bytes.fromhex(vector['hex'])
                made = frames.control_frame(KINDS[vector['kind']], vector['message'])
                for data in (golden, made):
                    length, exchange, kind = frames.HEADER.unpack_from(data)
                    self.assertEqual((length, exchange, kind), (len(data) - 9, 0, KINDS[vector['kind']]))
                    self.assertEqual(json.loads(data[9:]), vector['message'])
                self.assertTrue(made[9:].isascii())


if __name__ == '__main__':
    unittest.main()
