"""The application that runs access and authentication scripts, in a worker of its own. The gateway asks it about a
request of another application (src/middleware/auth-scripts); no client reaches it.

The scripts have the functions that mod_wsgi calls: allow_access, check_password and groups_for_user. A script that has
changed is loaded anew."""

import json
import os
import threading

from vivarium import loader

_lock = threading.Lock()
_loaded = {}


def application(environ, start_response):
    question = json.loads(environ.pop('vivarium.auth_question'))
    findings = {'allowed': _is_allowed(environ, question['accessScript']), 'user': None, 'groups': []}
    if findings['allowed'] and question['userScript'] is not None:
        user, password = _text(question['user']), _text(question['password'])
        findings['user'] = _signed_in(environ, question['userScript'], user, password)
        if findings['user'] is not None and question['groupScript'] is not None:
            groups = _call(question['groupScript'], 'groups_for_user', environ, findings['user'])
            findings['groups'] = [str(group) for group in groups or ()]
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(findings).encode()]


def _is_allowed(environ, script):
    """None, as mod_wsgi has it, says nothing against the client."""
    if script is None:
        return True
    answer = _call(script, 'allow_access', environ, environ.get('REMOTE_HOST') or environ['REMOTE_ADDR'])
    return answer is None or bool(answer)


def _signed_in(environ, script, user, password):
    """The name of the user, which the script may have changed; None when the password is wrong or there is no such
    user."""
    answer = _call(script, 'check_password', environ, user, password)
    if isinstance(answer, str):
        return answer
    return user if answer else None


def _call(script, name, *arguments):
    module = _load(script)
    if not hasattr(module, name):
        raise AttributeError(f'{script} has no function {name}')
    return getattr(module, name)(*arguments)


def _load(path):
    status = os.stat(path)
    state = (status.st_mtime_ns, status.st_size, status.st_ino)
    with _lock:
        known, module = _loaded.get(path, (None, None))
        if known != state:
            module = loader.script_module('__vivarium_auth_script__', path)
            module.__spec__.loader.exec_module(module)
            _loaded[path] = (state, module)
        return module


def _text(latin1):
    """As mod_wsgi passes it: what the client sent, as UTF-8 if it is that."""
    raw = latin1.encode('latin-1')
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return latin1
