/** The stacks, in the order of the tables. */
import { apache, modWsgiDaemon, modWsgiEmbedded } from './apache.ts';
import { bjoern } from './bjoern.ts';
import { granian } from './granian.ts';
import { gunicornGthread, gunicornSync } from './gunicorn.ts';
import { nginx, nginxUwsgi, nginxUwsgiGzip } from './nginx.ts';
import { PAIRS } from './pairs.ts';
import type { Peer } from './peer.ts';
import { uwsgiHttp, uwsgiHttpSocket } from './uwsgi.ts';
import { vivarium } from './vivarium.ts';
import { waitress } from './waitress.ts';

export const STACKS: readonly Peer[] = [
  vivarium,
  nginxUwsgi,
  nginxUwsgiGzip,
  uwsgiHttpSocket,
  uwsgiHttp,
  gunicornSync,
  gunicornGthread,
  modWsgiDaemon,
  modWsgiEmbedded,
  waitress,
  bjoern,
  granian,
  nginx,
  apache,
  ...PAIRS,
];
