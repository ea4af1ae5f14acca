/** compress: answers are compressed for clients that take them so (gzip, brotli, zstd). */
import type { CompressSettings } from '../../config/sections/compress.ts';
import type { Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { CompressedExchange } from './compressed-exchange.ts';
import { Compressor } from './compressor.ts';

export function compress(settings: CompressSettings, { log }: { readonly log: Log }): Middleware {
  const compressor = new Compressor(settings);
  return (next) => (exchange) => {
    const wish = compressor.readWish(exchange.request.fields.joined('accept-encoding'));
    next(new CompressedExchange(exchange, compressor, wish, log));
  };
}
