"""Finds and loads the application: a script file or a module, and the callable in it."""

import importlib
import importlib.machinery
import importlib.util
import os
import sys

_DEFAULT_CALLABLES = ('application', 'app')


class ApplicationError(Exception):
    """The target was loaded but there is no WSGI application in it. Its text is for the operator."""


def load(target):
    """The WSGI callable that `target` names (see ApplicationSettings.target in src/config/configuration.ts), and the
    name under which it was found."""
    if target['kind'] == 'script':
        module = _load_script(target['path'])
        where = target['path']
    else:
        module = importlib.import_module(target['module'])
        where = f"module {target['module']}"
    return _find_callable(module, target['callable'], where)


def _load_script(path):
    # Under its own name, so that `import wsgi` elsewhere finds this module and not a second copy.
    stem = os.path.splitext(os.path.basename(path))[0]
    name = stem if stem.isidentifier() and stem not in sys.modules else '__vivarium_script__'
    module = script_module(name, path)
    sys.modules[name] = module
    module.__spec__.loader.exec_module(module)
    return module


def script_module(name, path):
    """The module of a script that has not been run yet."""
    loader = _ScriptLoader(name, path)
    return importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, path, loader=loader))


class _ScriptLoader(importlib.machinery.SourceFileLoader):
    """Compiles the script anew each time: the cache of Python cannot tell two edits within one second apart."""

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


def _find_callable(module, name, where):
    if name is None:
        for candidate in _DEFAULT_CALLABLES:
            if callable(getattr(module, candidate, None)):
                return getattr(module, candidate), candidate
        raise ApplicationError(f"{where} has no callable named 'application' or 'app'; name it with --callable-object")
    factory = name.endswith('()')
    found = module
    for part in name[:-2].split('.') if factory else name.split('.'):
        if not hasattr(found, part):
            raise ApplicationError(f"{where} has no attribute '{part}' (looking for '{name}')")
        found = getattr(found, part)
    if factory:
        found = found()
    if not callable(found):
        raise ApplicationError(f"'{name}' in {where} is {type(found).__name__}, not a callable WSGI application")
    return found, name
