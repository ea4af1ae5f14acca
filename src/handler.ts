/** The two small interfaces the request path is composed of: a handler answers, middleware wraps a handler. */
import type { Exchange } from './exchange.ts';

export type Handler = (exchange: Exchange) => void;

export type Middleware = (next: Handler) => Handler;
