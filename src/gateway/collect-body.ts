/** For handlers that need the whole body of a request, where bodies are handed on as they arrive. */
import { BodyError } from '../body-error.ts';
import { derivedRequest } from '../derived-request.ts';
import type { Exchange } from '../exchange.ts';
import { DerivedExchange } from '../filtered-exchange.ts';
import type { Handler } from '../handler.ts';
import type { Log } from '../telemetry/log.ts';
import { withContentLength } from './http1/synthetic.ts';

export function collectsBody(handler: Handler, log: Log): Handler {
  return (exchange) => {
    const { body, request } = exchange;
    if (body?.stream === undefined) return handler(exchange);
    const isDeclared = body.size >= 0;
    body.stream.collect((error) => {
      if (error !== null) return refuse(exchange, error, log);
      if (isDeclared) return handler(exchange);
      const fields = withContentLength(request.fields, body.size);
      handler(new DerivedExchange(exchange, derivedRequest(request, { fields })));
    });
  };
}

function refuse(exchange: Exchange, error: Error, log: Log): void {
  const status = error instanceof BodyError ? error.status : 500;
  const from = exchange.request.remoteAddress || 'a local client';
  if (status < 500)
    log.info('request-refused', `[request ${exchange.id}] from ${from}: ${status} ${error.message}`);
  else log.error('request-body', `[request ${exchange.id}] from ${from}: ${error.message}`);
  exchange.abort(status, status < 500 ? `${error.message}.` : 'The request body could not be stored.');
}
