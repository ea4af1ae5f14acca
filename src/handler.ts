/** The small interfaces the request path is composed of: a handler answers, middleware wraps it, an observer looks on. */
import type { Exchange, FieldList } from './exchange.ts';

export type Handler = (exchange: Exchange) => void;

export type Middleware = (next: Handler) => Handler;

/** Called when the exchange has ended. */
export type Observer = (exchange: Exchange) => void;

/**
 * Has another path of this server answer, with its query: `target`. `kept`: fields that its answer is to have, too. The
 * handler that calls it has nothing more to do with the exchange.
 */
export type InternalRedirect = (exchange: Exchange, target: string, kept: FieldList) => void;
