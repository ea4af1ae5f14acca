"""`traceback-pages`: what the gateway shows of a failure in the browser (src/development/failure-report.ts reads it).

{"summary": "ValueError: text", "text": the traceback as Python prints it, "exceptions": [{"title", "relation",
"frames": [{"file", "line", "function", "first", "source", "isApplication"}]}], "environ": {"NAME": "value"} or null}

The exception that was raised last comes first; `relation` says how the one before it in the list came of it.
"""

import json
import linecache
import os
import re
import sysconfig
import traceback

EXCEPTIONS_MAX = 10
FRAMES_MAX = 60
CONTEXT_LINES = 4
LINE_MAX = 300
TITLE_MAX = 4000
TEXT_MAX = 65536
VARIABLES_MAX = 200
VALUE_MAX = 1000
# The gateway takes no larger frames; a report that is larger does without its frames.
REPORT_MAX = 500_000

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = tuple(
    {os.path.realpath(path) + os.sep for path in sysconfig.get_paths().values()} | {'<', '/usr/lib/python3/'}
)
_SECRET = re.compile('COOKIE|AUTH|SECRET|TOKEN|PASS|KEY|SESSION|CREDENTIAL|CSRF|DSN|DATABASE', re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r'(\w+://[^/\s:@]*):[^/\s@]+@')
HIDDEN = '(not shown)'

CAUSE = 'cause'
CONTEXT = 'context'


def report_failure(error, environ=None):
    """The report as JSON of ASCII characters."""
    try:
        return _encode(error, environ)
    except Exception as fault:  # an exception of an application can be anything
        title = f'{_title(error)[:TITLE_MAX]} (it cannot be described: {_title(fault)[:TITLE_MAX]})'
        return json.dumps({'summary': title, 'text': title, 'exceptions': [], 'environ': None})


def _encode(error, environ):
    report = {
        'summary': _title(error)[:TITLE_MAX],
        'text': _text(error),
        'exceptions': _exceptions(error),
        'environ': None if environ is None else visible_variables(environ),
    }
    encoded = json.dumps(report)
    if len(encoded) > REPORT_MAX:
        encoded = json.dumps({**report, 'exceptions': []})
    return encoded


def visible_variables(environ):
    """Texts, without what lets somebody in."""
    variables = {}
    for name in sorted(environ, key=str):
        value = environ[name]
        if not isinstance(value, (str, int, float)) or len(variables) >= VARIABLES_MAX:
            continue
        text = HIDDEN if _SECRET.search(name) else _PASSWORD_IN_URL.sub(rf'\1:{HIDDEN}@', _readable(value))
        variables[name] = text[:VALUE_MAX]
    return variables


def _readable(value):
    """The bytes that stand in a WSGI environ as latin-1 are mostly UTF-8."""
    try:
        return str(value).encode('latin-1').decode('utf-8')
    except UnicodeError:
        return str(value)


def _exceptions(error):
    described = []
    relation = None
    while error is not None and len(described) < EXCEPTIONS_MAX:
        described.append({'title': _title(error)[:TITLE_MAX], 'relation': relation, 'frames': _frames(error)})
        if error.__cause__ is not None:
            error, relation = error.__cause__, CAUSE
        elif not error.__suppress_context__:
            error, relation = error.__context__, CONTEXT
        else:
            error = None
    return described


def _title(error):
    """As in the last lines of a traceback, which for a syntax error hold its place."""
    try:
        return ''.join(traceback.format_exception_only(type(error), error)).strip()
    except Exception:  # an exception may break its own description
        return type(error).__name__


def _text(error):
    try:
        return ''.join(traceback.format_exception(type(error), error, _from_application(error.__traceback__)))[-TEXT_MAX:]
    except Exception:
        return type(error).__name__


def _from_application(trace):
    """How we came to the application helps nobody."""
    first = trace
    while first is not None and first.tb_frame.f_code.co_filename.startswith((_OURS, '<frozen importlib')):
        first = first.tb_next
    return first or trace


def _frames(error):
    frames = []
    trace = _from_application(error.__traceback__)
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(_frame(code.co_filename, trace.tb_lineno, code.co_name, trace.tb_frame.f_globals))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and isinstance(error.filename, str) and isinstance(error.lineno, int):
        frames.append(_frame(error.filename, error.lineno, '', None))
    if len(frames) > FRAMES_MAX:
        # Of an endless recursion the beginning tells how it began, the end what it came to.
        half = FRAMES_MAX // 2
        frames = frames[:half] + frames[-half:]
    return frames


def _frame(file, line, function, module_globals):
    # The file may have changed since another traceback was made.
    linecache.checkcache(file)
    first = max(1, line - CONTEXT_LINES)
    lines = [linecache.getline(file, number, module_globals) for number in range(first, line + CONTEXT_LINES + 1)]
    while lines and not lines[-1]:
        lines.pop()
    return {
        'file': file,
        'line': line,
        'function': function,
        'first': first,
        'source': [text.rstrip('\n')[:LINE_MAX] for text in lines],
        'isApplication': not (file.startswith(_LIBRARIES) or os.path.realpath(file).startswith(_LIBRARIES)),
    }
