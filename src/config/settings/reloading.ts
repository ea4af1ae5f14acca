/** Settings: what reloads the application. */
import { list, one } from '../setting.ts';
import { onOff, path } from '../value-types.ts';

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
  },
};
