/**
 * auth-scripts: Python scripts say who may come and who people are, with the functions that mod_wsgi calls. They run in
 * a worker of their own, never in the gateway; for each request it is asked one question, with everything in it.
 */
import type { AuthScriptsSettings } from '../../config/sections/auth-scripts.ts';
import type { Exchange, FieldList } from '../../exchange.ts';
import type { Handler, Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { askHandler } from '../forward-auth/question-exchange.ts';
import { RefusalReport } from '../refusal-report.ts';
import { authorizationOf, type Credentials, parseCredentials } from '../sign-in/credentials.ts';
import { identify } from '../sign-in/identify.ts';
import { compileRequirements, type Requirement } from '../sign-in/requirement.ts';
import { type Findings, parseFindings } from './findings.ts';

/** The application that runs the scripts: python/vivarium/auth_scripts.py. */
export const AUTH_SCRIPTS = 'auth-scripts';

export interface AuthScriptsTools {
  readonly application: (name: string) => { readonly handle: Handler } | null;
  readonly log: Log;
}

export function authScripts(settings: AuthScriptsSettings, tools: AuthScriptsTools): Middleware {
  const scripts = new Scripts(settings, tools);
  return (next) => (exchange) => void scripts.pass(exchange, next);
}

class Scripts {
  readonly #settings: AuthScriptsSettings;
  readonly #tools: AuthScriptsTools;
  readonly #requirement: Requirement;
  readonly #challenge: FieldList;
  readonly #refusals: RefusalReport;
  readonly #failures: RefusalReport;

  constructor(settings: AuthScriptsSettings, tools: AuthScriptsTools) {
    const { place, realm, requirements } = settings;
    const { log } = tools;
    this.#settings = settings;
    this.#tools = tools;
    this.#requirement = compileRequirements(requirements);
    this.#challenge = [
      'Cache-Control',
      'no-store',
      'WWW-Authenticate',
      `Basic realm="${Buffer.from(realm, 'utf8').latin1Slice()}", charset="UTF-8"`,
    ];
    this.#refusals = new RefusalReport((what) => log.warn('sign-in-failed', `${place}: ${what}`));
    this.#failures = new RefusalReport((what) => log.error('auth-script-failed', `${place}: ${what}`));
  }

  async pass(exchange: Exchange, next: Handler): Promise<void> {
    const { accessScript, userScript, passAuthorization } = this.#settings;
    const credentials = userScript === null ? null : credentialsOf(exchange);
    const mustSignIn = userScript !== null && credentials === null;
    // Who has no password to show hears first whether the address may come at all.
    if (mustSignIn && accessScript === null) return this.#askToSignIn(exchange);
    const gone = new AbortController();
    exchange.onGone = () => gone.abort();
    const findings = await this.#ask(exchange, credentials, gone.signal).catch((error: Error) => error);
    if (gone.signal.aborted) return;
    exchange.onGone = null;
    if (findings instanceof Error) {
      this.#failures.add('no answer for', findings.message);
      return exchange.abort(500, 'It cannot be found out whether you may see this.');
    }
    if (!findings.isAllowed) return exchange.abort(403, 'This is not served to your address.');
    if (mustSignIn) return this.#askToSignIn(exchange);
    if (credentials === null) return next(exchange);
    const { user, groups } = findings;
    if (user === null || !this.#requirement(user, (group) => groups.includes(group))) {
      this.#refusals.add(user === null ? 'refused' : 'not allowed', credentials.user);
      return this.#askToSignIn(exchange);
    }
    next(identify(exchange, user, 'Basic', passAuthorization));
  }

  /** Rejects when there is no answer, or one that makes no sense. */
  async #ask(exchange: Exchange, credentials: Credentials | null, gone: AbortSignal): Promise<Findings> {
    const application = this.#tools.application(AUTH_SCRIPTS);
    if (application === null) throw new Error('the scripts are not running');
    const { accessScript, userScript, groupScript } = this.#settings;
    const asked = JSON.stringify({
      accessScript,
      userScript: credentials === null ? null : userScript,
      groupScript,
      user: credentials?.user,
      password: credentials?.password.latin1Slice(),
    });
    // ASCII only, as JSON in an environ of Latin-1 must be.
    const ascii = asked.replace(
      /[\x7f-\uffff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const environ = ['vivarium.auth_question', ascii];
    const question = { request: exchange.request, environ };
    const verdict = await askHandler(exchange, question, application.handle, gone);
    if (verdict.status !== 200) throw new Error('a script has failed');
    return parseFindings(verdict.body);
  }

  #askToSignIn(exchange: Exchange): void {
    exchange.abort(401, 'Sign in to see this.', this.#challenge);
  }
}

function credentialsOf({ request }: Exchange): Credentials | null {
  const authorization = authorizationOf(request.fields);
  return authorization === null ? null : parseCredentials(authorization);
}
