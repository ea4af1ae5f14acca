/**
 * forward-auth: another server, or a path of this one, is asked for each request whether it may go on, before its body
 * is looked at. An answer of the 200 class lets it through, with chosen fields of that answer; any other answer is the
 * answer to the client, a redirect to a page to sign in for example. No answer lets nobody through.
 */
import type { ForwardAuthSettings } from '../../config/sections/forward-auth.ts';
import { claimFields, derivedRequest } from '../../derived-request.ts';
import type { Exchange } from '../../exchange.ts';
import { fieldName, RequestFields } from '../../fields.ts';
import { DerivedExchange } from '../../filtered-exchange.ts';
import type { Handler, Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { RefusalReport } from '../refusal-report.ts';
import { askPath } from './ask-path.ts';
import { AuthorityServer } from './ask-server.ts';
import { fieldOf, NoVerdict, type Verdict } from './verdict.ts';

type Ask = (exchange: Exchange, next: Handler, gone: AbortSignal) => Promise<Verdict>;

export function forwardAuth(settings: ForwardAuthSettings, { log }: { readonly log: Log }): Middleware {
  const { place, copiedHeaders, userHeader } = settings;
  const ask = askerOf(settings);
  const report = new RefusalReport((what) => log.error('forward-auth-failed', `${place}: ${what}`));
  const copied = copiedHeaders.map((name) => name.toLowerCase());
  const fail = (exchange: Exchange, { message, isLate }: NoVerdict) => {
    report.add('no answer for', message);
    exchange.abort(isLate ? 504 : 502, 'It cannot be found out whether you may see this.');
  };
  return (next) => async (exchange) => {
    const gone = new AbortController();
    exchange.onGone = () => gone.abort();
    const verdict = await ask(exchange, next, gone.signal).catch(noVerdict);
    if (gone.signal.aborted) return;
    exchange.onGone = null;
    if (verdict instanceof NoVerdict) return fail(exchange, verdict);
    if (verdict.status >= 200 && verdict.status <= 299)
      return next(admitted(exchange, verdict, copied, userHeader));
    try {
      // The client gets it as it is. What cannot be sent is no answer.
      exchange.respond(verdict.status, verdict.fields, verdict.body);
    } catch (error) {
      fail(exchange, new NoVerdict((error as Error).message));
    }
  };
}

function noVerdict(error: unknown): NoVerdict {
  return error instanceof NoVerdict ? error : new NoVerdict((error as Error).message);
}

function askerOf({ to, timeoutMs }: ForwardAuthSettings): Ask {
  if (to.kind === 'internal') return (exchange, next, gone) => askPath(exchange, to.path, next, gone);
  const server = new AuthorityServer(to, timeoutMs);
  return (exchange, _, gone) => server.ask(exchange, gone);
}

/** `copied`: in lower case. */
function admitted(
  exchange: Exchange,
  { fields }: Verdict,
  copied: readonly string[],
  userHeader: string | null,
): Exchange {
  // AUTH_TYPE also tells the cache that the answer is not for everybody.
  exchange.environ ??= [];
  exchange.environ.push('AUTH_TYPE', 'Forward');
  const user = userHeader === null ? null : fieldOf(fields, userHeader);
  if (user !== null) exchange.environ.push('REMOTE_USER', user);
  if (copied.length === 0) return exchange;
  const { request } = exchange;
  const changed = new RequestFields();
  for (let i = 0; i < request.fields.names.length; i++) {
    const name = request.fields.names[i]!;
    if (!copied.includes(name.lower)) changed.add(name, request.fields.values[i]!);
  }
  for (const name of copied) {
    const value = fieldOf(fields, name);
    if (value !== null) changed.add(fieldName(name), value);
  }
  claimFields(changed, copied);
  return new DerivedExchange(exchange, derivedRequest(request, { fields: changed }));
}
