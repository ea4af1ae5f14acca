/** Routes and sites that the flags for another server stand for. */
import type { SiteSettings } from './configuration.ts';
import { NO_ANSWER } from './sections/answers.ts';
import { NO_FEATURES } from './sections/features.ts';
import { matchPath } from './sections/match.ts';
import { proxyTo } from './sections/proxy.ts';
import type { RouteSettings } from './sections/route.ts';
import type { Values } from './settings/table.ts';

/** The longest first, as mod_wsgi-express sorts them. */
export function mountedProxies(values: Values): RouteSettings[] {
  const points = Object.entries(values['proxy-mount-point']).sort(([a], [b]) => b.length - a.length);
  return points.map(([url, target]) => {
    const match = url === '/' ? matchPath('/*') : matchPath(url, `${url}/*`);
    const proxy = proxyTo(target);
    const below = { ...proxy, path: `${proxy.path.replace(/\/$/, '')}/` };
    return route(`--proxy-mount-point ${url}`, match, below);
  });
}

export function proxiedHosts(values: Values): SiteSettings[] {
  return Object.entries(values['proxy-virtual-host']).map(([host, target]) => {
    const place = `--proxy-virtual-host ${host}`;
    return {
      hosts: [host.toLowerCase()],
      isDefault: false,
      applications: [],
      urlAliases: [],
      wsgiDirectories: [],
      features: NO_FEATURES,
      routes: [route(place, null, proxyTo(target))],
      place,
    };
  });
}

function route(place: string, match: RouteSettings['match'], proxy: RouteSettings['proxy']): RouteSettings {
  return { ...NO_FEATURES, ...NO_ANSWER, match, proxy, place };
}
