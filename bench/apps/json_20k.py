"""A JSON answer of 20 KB that looks like one: names, numbers and prose, which compress to about a seventh."""

import json
import random

WORDS = 'station order window garden paper market river winter light engine letter music'.split()
RANDOM = random.Random(20)


def record(number):
    words = RANDOM.choices(WORDS, k=9)
    return {
        'id': number,
        'name': ' '.join(words[:2]),
        'price': RANDOM.randrange(100, 99_999) / 100,
        'stock': RANDOM.randrange(500),
        'tags': words[2:4],
        'description': ' '.join(words[4:]).capitalize() + '.',
    }


SIZE = 20480
RECORDS = [record(number) for number in range(200)]
while len(json.dumps(RECORDS)) > SIZE:
    RECORDS.pop()
BODY = json.dumps(RECORDS).encode()
BODY = BODY[:-1] + b' ' * (SIZE - len(BODY)) + BODY[-1:]
HEADERS = [('Content-Type', 'application/json'), ('Content-Length', str(len(BODY)))]


def application(environ, start_response):
    start_response('200 OK', HEADERS)
    return [BODY]
