/**
 * auth-scripts: Python scripts say who may come and who people are, with the functions that mod_wsgi calls. They run in
 * a worker of their own, never in the gateway; for each request it is asked one question, with everything in it.
 */
import type { AuthScriptsSettings } from '../../config/sections/auth-scripts.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler, Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { askHandler } from '../forward-auth/question-exchange.ts';
import { RefusalReport } from '../refusal-report.ts';
import { identify } from '../sign-in/identify.ts';
import { compileRequirements, type Requirement } from '../sign-in/requirement.ts';
import { type Findings, parseFindings } from './findings.ts';
import { type Claim, makeScheme, type Scheme } from './schemes.ts';

/** The application that runs the scripts: python/vivarium/auth_scripts.py. */
export const AUTH_SCRIPTS = 'auth-scripts';

export interface AuthScriptsTools {
  readonly application: (name: string) => { readonly handle: Handler } | null;
  readonly log: Log;
  /** Of this gateway. */
  readonly nonceKey: Buffer;
}

export function authScripts(settings: AuthScriptsSettings, tools: AuthScriptsTools): Middleware {
  const scripts = new Scripts(settings, tools);
  return (next) => (exchange) => void scripts.pass(exchange, next);
}

class Scripts {
  readonly #settings: AuthScriptsSettings;
  readonly #tools: AuthScriptsTools;
  readonly #requirement: Requirement;
  readonly #scheme: Scheme;
  readonly #refusals: RefusalReport;
  readonly #failures: RefusalReport;

  constructor(settings: AuthScriptsSettings, tools: AuthScriptsTools) {
    const { place, requirements } = settings;
    const { log } = tools;
    this.#settings = settings;
    this.#tools = tools;
    this.#requirement = compileRequirements(requirements);
    this.#scheme = makeScheme(settings, tools.nonceKey);
    this.#refusals = new RefusalReport((what) => log.warn('sign-in-failed', `${place}: ${what}`));
    this.#failures = new RefusalReport((what) => log.error('auth-script-failed', `${place}: ${what}`));
  }

  async pass(exchange: Exchange, next: Handler): Promise<void> {
    const { accessScript, userScript } = this.#settings;
    const claim = userScript === null ? null : this.#scheme.claimOf(exchange);
    const mustSignIn = userScript !== null && claim === null;
    // Who has no password to show hears first whether the address may come at all.
    if (mustSignIn && accessScript === null) return this.#askToSignIn(exchange);
    const gone = new AbortController();
    exchange.onGone = () => gone.abort();
    const findings = await this.#ask(exchange, claim, gone.signal).catch((error: Error) => error);
    if (gone.signal.aborted) return;
    exchange.onGone = null;
    if (findings instanceof Error) {
      this.#failures.add('no answer for', findings.message);
      return exchange.abort(500, 'It cannot be found out whether you may see this.');
    }
    if (!findings.isAllowed) return exchange.abort(403, 'This is not served to your address.');
    if (mustSignIn) return this.#askToSignIn(exchange);
    if (claim === null) return next(exchange);
    this.#conclude(exchange, claim, findings, next);
  }

  #conclude(exchange: Exchange, claim: Claim, findings: Findings, next: Handler): void {
    const verdict = claim.judge(findings);
    if (verdict === 'stale') return this.#askToSignIn(exchange, true);
    const user = verdict === 'wrong' ? null : verdict.user;
    if (verdict === 'wrong' || !this.#requirement(verdict.user, (group) => findings.groups.includes(group))) {
      this.#refusals.add(user === null ? 'refused' : 'not allowed', claim.user);
      return this.#askToSignIn(exchange);
    }
    const { type, passAuthorization } = this.#settings;
    next(identify(verdict.exchange, verdict.user, type, passAuthorization));
  }

  /** Rejects when there is no answer, or one that makes no sense. */
  async #ask(exchange: Exchange, claim: Claim | null, gone: AbortSignal): Promise<Findings> {
    const application = this.#tools.application(AUTH_SCRIPTS);
    if (application === null) throw new Error('the scripts are not running');
    const { accessScript, userScript, groupScript } = this.#settings;
    const asked = JSON.stringify({
      accessScript,
      userScript: claim === null ? null : userScript,
      groupScript,
      ...claim?.question,
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

  #askToSignIn(exchange: Exchange, isStale = false): void {
    exchange.abort(401, 'Sign in to see this.', this.#scheme.challenge(isStale));
  }
}
