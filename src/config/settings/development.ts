/** Settings: tools for development. `vivarium dev` switches the first two on. */
import { one } from '../setting.ts';
import { onOff, path } from '../value-types.ts';

export const development = {
  title: 'Development',
  settings: {
    'reload-on-changes': one(onOff, {
      default: false,
      help: 'reload when a file of a loaded Python module changes',
    }),
    'traceback-pages': one(onOff, {
      default: false,
      help: 'show the traceback of a failure to browsers on this machine',
    }),
    'enable-debugger': one(onOff, {
      default: false,
      help: 'debug exceptions of requests with pdb on this terminal; one process, one thread',
    }),
    'debugger-startup': one(onOff, {
      default: false,
      help: 'with --enable-debugger: enter pdb when the application is loaded',
    }),
    'enable-profiler': one(onOff, {
      default: false,
      help: 'profile requests with cProfile; one thread in each process',
    }),
    'profiler-directory': one(path('DIRECTORY'), {
      default: null,
      defaultText: 'pstats in the current directory',
      help: 'directory for the statistics of --enable-profiler, a file for each process',
    }),
    'enable-coverage': one(onOff, {
      default: false,
      help: 'measure which lines are run, with the Python package coverage',
    }),
    'coverage-directory': one(path('DIRECTORY'), {
      default: null,
      defaultText: 'htmlcov in the current directory',
      help: 'directory for the report of --enable-coverage',
    }),
    'enable-recorder': one(onOff, {
      default: false,
      help: 'write each request and its response to files',
    }),
    'recorder-directory': one(path('DIRECTORY'), {
      default: null,
      defaultText: 'archive in the current directory',
      help: 'directory for the files of --enable-recorder',
    }),
  },
};
