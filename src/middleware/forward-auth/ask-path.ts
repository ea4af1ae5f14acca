/** Asks a path of this server: whatever stands behind the forward-auth answers, as it would answer a client. */
import { encodePath } from '../../base/url-path.ts';
import { derivedRequest } from '../../derived-request.ts';
import type { Exchange, Request } from '../../exchange.ts';
import { fieldName, RequestFields } from '../../fields.ts';
import type { Handler } from '../../handler.ts';
import { questionFields } from './question.ts';
import { askHandler } from './question-exchange.ts';
import type { Verdict } from './verdict.ts';

/** Rejects with NoVerdict. `gone`: nobody waits for it any more. */
export function askPath(
  exchange: Exchange,
  path: string,
  next: Handler,
  gone: AbortSignal,
): Promise<Verdict> {
  return askHandler(exchange, { request: questionRequest(exchange.request, path) }, next, gone);
}

function questionRequest(request: Request, path: string): Request {
  const fields = new RequestFields();
  fields.add(fieldName('Host'), request.authority);
  const asked = questionFields(request);
  for (let i = 0; i < asked.length; i += 2) fields.add(fieldName(asked[i]!), asked[i + 1]!);
  const decodedPath = Buffer.from(decodeURI(path), 'utf8').latin1Slice();
  const encoded = encodePath(decodedPath);
  return derivedRequest(request, {
    method: 'GET',
    target: encoded,
    path: encoded,
    decodedPath,
    query: '',
    fields,
  });
}
