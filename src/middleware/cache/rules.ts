/** The settings of a cache, ready for use: templates compiled, tables made maps. */
import type { CacheSettings } from '../../config/sections/cache.ts';
import type { Exchange } from '../../exchange.ts';
import { compileTemplate, type Template } from '../../variables.ts';

export interface CacheRules {
  /** Lifetime by status for answers that say none; 0 stands for all statuses. */
  readonly validMs: ReadonlyMap<number, number>;
  /** The part of the time since Last-Modified for which an answer that says nothing is fresh. 0: none. */
  readonly heuristic: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly setCookie: CacheSettings['setCookie'];
  /** Requests for a URL before its answer is stored. */
  readonly usesMin: number;
  readonly bodyBytesMax: number;
  readonly obeysClients: boolean;
  readonly hasStatusField: boolean;
  /** Null: no request is kept from it. */
  readonly isBypassed: ((exchange: Exchange) => boolean) | null;
  readonly isKeptOut: ((exchange: Exchange) => boolean) | null;
}

export function compileRules(settings: CacheSettings): CacheRules {
  const valid = Object.entries(settings.validMs);
  return {
    ...settings,
    validMs: new Map(valid.map(([status, ms]) => [status === 'any' ? 0 : Number(status), ms])),
    isBypassed: anyOf(settings.bypass),
    isKeptOut: anyOf(settings.noStore),
  };
}

/** As nginx has it: the rule holds when one of the texts is there and is not 0. */
function anyOf(texts: readonly string[]): ((exchange: Exchange) => boolean) | null {
  if (texts.length === 0) return null;
  const templates = texts.map((text) => compileTemplate(text) as Template);
  return (exchange) =>
    templates.some((template) => {
      const text = template(exchange);
      return text !== '' && text !== '0';
    });
}
