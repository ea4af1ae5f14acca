/**
 * The path of a request that a web server in front of us has passed on, and the part of it that the server has taken off
 * (SCRIPT_NAME of PEP 3333). What the servers send differs:
 *
 *   nginx uwsgi_params                PATH_INFO, decoded and normalized, and REQUEST_URI as the client sent it; for a mount
 *                                     operators add SCRIPT_NAME, with a PATH_INFO that still has it or no more
 *   nginx scgi_params                 only REQUEST_URI
 *   nginx fastcgi_params, Caddy,      SCRIPT_NAME is the whole path (a path of a file is meant), no PATH_INFO
 *     HAProxy, Apache SCGI, FastCGI
 *   Apache, `ProxyPass /m/ scgi://…/` SCRIPT_FILENAME is `proxy:scgi://…/x`: what /m/x was mapped to
 *   Apache uwsgi                      PATH_INFO is what it was mapped to, SCRIPT_NAME the rest, perhaps with a slash at the end
 *   Apache proxy-scgi-pathinfo        PATH_INFO still percent-encoded
 *   lighttpd                          SCRIPT_NAME and PATH_INFO as CGI has them
 *
 * What the front has decided about a path counts; REQUEST_URI tells how the client has spelled it.
 */
import { canonicalPath, climbs, decodePath, encodePath, isBelow } from '../../base/url-path.ts';
import { targetCharacters } from '../http1/characters.ts';
import { Refusal } from '../http1/refusal.ts';
import { parseTarget, type RequestTarget } from '../http1/request-target.ts';

export interface GatewayPaths {
  /** REQUEST_URI, or what it would be. */
  readonly target: string;
  /** Without what the front has taken off. */
  readonly path: string;
  readonly decodedPath: string;
  readonly query: string;
  readonly scriptName: string;
}

/** The path of the URL behind `proxy:`, which Apache makes of ProxyPass, of a balancer, too. */
const MAPPED = /^proxy:[a-z]+:\/\/[^/?]*(\/[^?]*)/;

/** A segment that is no name. */
const DOTS = /\/\.{1,2}(\/|$)/;

type Variables = ReadonlyMap<string, string>;

export function gatewayPaths(method: string, variables: Variables): GatewayPaths | Refusal {
  const uri = variables.get('REQUEST_URI') ?? '';
  const sent = uri === '' ? null : readTarget(method, uri);
  if (sent instanceof Refusal) return sent;
  const scriptName = variables.get('SCRIPT_NAME') ?? '';
  const pathInfo = variables.get('PATH_INFO') ?? '';
  const query = variables.get('QUERY_STRING') ?? sent?.query ?? '';
  if (!isTarget(query)) return new Refusal(400, 'malformed QUERY_STRING');

  const mapped = sent === null ? null : mappedPaths(variables.get('SCRIPT_FILENAME') ?? '', sent);
  if (mapped !== null) return { target: uri, query, ...mapped };
  if (pathInfo !== '') return withPathInfo(scriptName.replace(/\/+$/, ''), pathInfo, sent, uri, query);
  if (sent !== null) return { target: uri, query, ...below(sent, mount(scriptName, sent.decodedPath)) };
  return withPathInfo('', scriptName === '' ? '/' : scriptName, null, '', query);
}

function readTarget(method: string, uri: string): RequestTarget | Refusal {
  if (!isTarget(uri)) return new Refusal(400, 'malformed REQUEST_URI');
  return parseTarget(method, uri);
}

function isTarget(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (targetCharacters[text.charCodeAt(i)] !== 1) return false;
  return true;
}

type Spelled = Pick<RequestTarget, 'path' | 'decodedPath'>;
type PathsOnly = Pick<GatewayPaths, 'path' | 'decodedPath' | 'scriptName'>;

/**
 * Of `/m/x` that Apache has mapped to `/x`: with `/m` taken off. Null when it has mapped it to another path. It resolves dots
 * before it maps, or a client could choose what is taken off, and in places escapes an escaped slash once more.
 */
function mappedPaths(scriptFilename: string, sent: RequestTarget): PathsOnly | null {
  const once = decodePath(MAPPED.exec(scriptFilename)?.[1] ?? '') ?? '';
  const hasDots = DOTS.test(sent.decodedPath);
  const whole = hasDots ? canonicalPath(sent.decodedPath) : sent.decodedPath;
  const mapped = [once, decodePath(once) ?? ''].find((path) => path !== '' && whole.endsWith(path));
  if (mapped === undefined) return null;
  const taken = whole.slice(0, -mapped.length).replace(/\/+$/, '');
  return below(hasDots ? spelled(whole) : sent, taken);
}

/**
 * SCRIPT_NAME without PATH_INFO is the whole path, or where the operator has mounted us. A path that climbs would let the
 * client choose between the two.
 */
function mount(scriptName: string, decodedPath: string): string {
  const isMount = /^\/.*[^/]$/s.test(scriptName) && isBelow(decodedPath, scriptName);
  return isMount && decodedPath !== scriptName && !climbs(decodedPath) ? scriptName : '';
}

/** Not as the client has spelled it, but as the front has understood it. */
function spelled(decodedPath: string): Spelled {
  return { path: encodePath(decodedPath), decodedPath };
}

/** `taken`: what the decoded path begins with. */
function below({ path, decodedPath }: Spelled, taken: string): PathsOnly {
  if (taken === '') return { path, decodedPath, scriptName: '' };
  const rest = decodedPath.slice(taken.length);
  // Spelled with escapes it cannot be cut off as it stands.
  const raw = path.startsWith(taken) ? path.slice(taken.length) : encodePath(rest);
  return { path: raw, decodedPath: rest, scriptName: taken };
}

function withPathInfo(
  scriptName: string,
  pathInfo: string,
  sent: RequestTarget | null,
  uri: string,
  query: string,
): GatewayPaths | Refusal {
  if (pathInfo === '*' && sent?.path === '*')
    return { target: uri, path: '*', decodedPath: '*', query, scriptName };
  if (!pathInfo.startsWith('/')) return new Refusal(400, 'PATH_INFO does not begin with a slash');
  if (scriptName !== '' && !scriptName.startsWith('/'))
    return new Refusal(400, 'SCRIPT_NAME does not begin with a slash');
  // `uwsgi_param SCRIPT_NAME /m` alone takes nothing off: uWSGI needs manage-script-name for it.
  if (sent?.decodedPath === pathInfo)
    return { target: uri, query, ...below(sent, mount(scriptName, pathInfo)) };
  if (sent !== null && canonicalPath(sent.decodedPath) === pathInfo)
    return { target: uri, query, ...below(spelled(pathInfo), mount(scriptName, pathInfo)) };
  const whole = scriptName + pathInfo;
  const target = uri === '' ? encodePath(whole) + (query === '' ? '' : `?${query}`) : uri;
  if (sent?.decodedPath === whole) return { target, query, ...below(sent, scriptName) };
  return { target, query, scriptName, ...spelled(pathInfo) };
}
