/** The small interfaces the request path is composed of: a handler answers, middleware wraps it, an observer looks on. */
import type { Exchange } from './exchange.ts';

export type Handler = (exchange: Exchange) => void;

export type Middleware = (next: Handler) => Handler;

/** Called when the exchange has ended. */
export type Observer = (exchange: Exchange) => void;
