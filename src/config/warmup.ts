/** Warm-up requests: from a path or a URL of the configuration to the variables of CGI. */
import { isBelow, pathPrefix } from '../base/url-path.ts';
import type { WarmupRequest } from './configuration.ts';

/** Where the URL does not say. */
const DEFAULT_ORIGIN = 'http://localhost';

/** `url` is valid (value-types.ts) and mounted. */
export function warmupRequest(url: string, mountPoint: string): WarmupRequest {
  const { path, ...parts } = parse(url);
  const scriptName = pathPrefix(mountPoint);
  return { url, ...parts, scriptName, pathInfo: path.slice(scriptName.length) };
}

/** Whether the application gets such requests of clients. */
export function isMounted(url: string, mountPoint: string): boolean {
  return isBelow(parse(url).path, pathPrefix(mountPoint));
}

function parse(url: string) {
  const whole = url.startsWith('/') ? DEFAULT_ORIGIN + url : url;
  const [, scheme = '', host = '', uri = ''] = /^(\w+):\/\/([^/]+)(.*)$/.exec(whole)!;
  const [, encoded = '', query = ''] = /^([^?]*)\??(.*)$/.exec(uri)!;
  const path = encoded.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return { scheme: scheme.toLowerCase(), host, uri, path, query };
}
