"""Finds `mod_wsgi` (mod_wsgi.py beside this file) for the application of a worker. Like mod_wsgi itself, it takes the
place of the package of that name, whose submodules, such as `mod_wsgi.server`, can be imported as ever.
"""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import spec_from_file_location

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'mod_wsgi.py')


class ModWsgiFinder:
    @staticmethod
    def find_spec(name, _path=None, _target=None):
        if name != 'mod_wsgi':
            return None
        installed = PathFinder.find_spec(name)
        folders = installed.submodule_search_locations if installed is not None else None
        return spec_from_file_location(name, FILE, submodule_search_locations=folders)


def install():
    sys.meta_path.insert(0, ModWsgiFinder)
