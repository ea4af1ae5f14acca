/** The match of a route, compiled: tests of which all must pass. Each knows what it is called, so that it can be explained. */
import { AddressList } from '../base/address-list.ts';
import { compilePattern, NOTHING_CAUGHT as NOTHING, type Pattern } from '../base/pattern.ts';
import { canonicalPath } from '../base/url-path.ts';
import type { MatchSettings } from '../config/sections/match.ts';
import type { Exchange, Request } from '../exchange.ts';
import { compileTemplate, hostOf } from '../variables.ts';
import { HostTable } from './hosts.ts';

/** What was caught; null when the exchange does not pass. */
type Passes = (request: Request, exchange: Exchange) => Captures | null;
type Captures = Readonly<Record<string, string>>;

interface MatchTest {
  /** `path /static/*`, `method GET or HEAD`. */
  readonly text: string;
  readonly passes: Passes;
}

export interface Matcher {
  /** Sets `captures` when it is true. */
  matches(exchange: Exchange): boolean;
  /** The tests that did not pass. */
  failures(exchange: Exchange): string[];
}

/** `match`: null for everything. */
export function compileMatcher(match: MatchSettings | null): Matcher {
  const tests = match === null ? [] : testsOf(match);
  return {
    matches: (exchange) => {
      let captures = NOTHING;
      for (const { passes } of tests) {
        const caught = passes(exchange.request, exchange);
        if (caught === null) return false;
        if (caught !== NOTHING) captures = captures === NOTHING ? caught : { ...captures, ...caught };
      }
      // Those of a route before it are not this one's.
      exchange.captures = captures === NOTHING ? null : captures;
      return true;
    },
    failures: (exchange) =>
      tests.filter(({ passes }) => passes(exchange.request, exchange) === null).map(({ text }) => text),
  };
}

function testsOf(match: MatchSettings): MatchTest[] {
  const tests: MatchTest[] = [];
  const add = (name: string, values: readonly string[], passes: Passes) => {
    if (values.length > 0) tests.push({ text: `${name} ${values.join(' or ')}`, passes });
  };
  const paths = match.path.map(patternOf);
  const hosts = new HostTable<true>();
  for (const host of match.host) hosts.add(host.toLowerCase(), true);
  const methods = new Set(match.method);
  const schemes = new Set<string>(match.scheme);
  const addresses = new AddressList(match.address);
  add('path', match.path, ({ decodedPath }) => firstOf(paths, canonicalPath(decodedPath)));
  add('host', match.host, ({ authority, localPort }) =>
    when(hosts.find(hostOf(authority), localPort) !== null),
  );
  add('method', match.method, ({ method }) => when(methods.has(method)));
  add('scheme', match.scheme, ({ scheme }) => when(schemes.has(scheme)));
  add('address', match.address, ({ remoteAddress }) => when(addresses.has(remoteAddress)));
  for (const [name, text] of Object.entries(match.header)) {
    const [pattern, lower] = [patternOf(text), name.toLowerCase()];
    add(`header ${name}`, [text], ({ fields }) => {
      const value = fields.joined(lower);
      return value === null ? null : pattern(value);
    });
  }
  for (const [name, text] of Object.entries(match.query)) tests.push(queryTest(name, text));
  for (const [text, wanted] of Object.entries(match.variable)) {
    const [value, pattern] = [compileTemplate(text)!, patternOf(wanted)];
    add(text, [wanted], (_, exchange) => pattern(value(exchange)));
  }
  if (match.internal) {
    const passes: Passes = (_, exchange) => when((exchange.redirects ?? 0) > 0);
    tests.push({ text: 'internal', passes });
  }
  if (match.not !== null) tests.push(negated(match.not));
  return tests;
}

function queryTest(name: string, text: string): MatchTest {
  const pattern = patternOf(text);
  const latin1 = Buffer.from(name, 'utf8').latin1Slice();
  return {
    text: `query ${name} ${text}`,
    passes: ({ query }) => {
      for (const parameter of query.split('&')) {
        const equals = parameter.indexOf('=');
        if ((equals < 0 ? parameter : parameter.slice(0, equals)) !== latin1) continue;
        return pattern(equals < 0 ? '' : parameter.slice(equals + 1));
      }
      return null;
    },
  };
}

function negated(match: MatchSettings): MatchTest {
  const tests = testsOf(match);
  return {
    text: `not ${tests.map(({ text }) => text).join(', ')}`,
    passes: (request, exchange) => when(!tests.every(({ passes }) => passes(request, exchange) !== null)),
  };
}

/** It was validated when the configuration was read. */
function patternOf(text: string): Pattern {
  return compilePattern(text)!;
}

function firstOf(patterns: readonly Pattern[], text: string): Captures | null {
  for (const pattern of patterns) {
    const caught = pattern(text);
    if (caught !== null) return caught;
  }
  return null;
}

function when(passes: boolean): Captures | null {
  return passes ? NOTHING : null;
}
