/** Settings: what reloads the application, and what a new worker has to do first. */
import { list, one } from '../setting.ts';
import { onOff, path, warmupTarget } from '../value-types.ts';

export const reloading = {
  title: 'Reloading',
  settings: {
    'touch-reload': list(path('FILE'), {
      help: 'reloads the configuration and the application when this file is touched, replaced or made',
    }),
    'disable-reloading': one(onOff, {
      default: false,
      help: 'does not reload the application when its WSGI script has changed',
    }),
    warmup: list(warmupTarget, {
      help: 'request that each new worker has to answer before it gets those of clients',
    }),
  },
};
