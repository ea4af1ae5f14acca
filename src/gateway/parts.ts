/**
 * The parts of a gateway that not every configuration needs: loaded before its first request where it has them, and what
 * it does not have takes no memory.
 */
import type { Configuration } from '../config/configuration.ts';
import type { InheritedListener } from '../control/messages.ts';
import { type LoadedFeatures, loadFeatures } from './features.ts';

export interface Parts {
  readonly features: LoadedFeatures;
  /** Null when nothing is passed on. */
  readonly ProxyUpstreams: typeof import('./proxy-upstreams.ts').ProxyUpstreams | null;
  /** Null when no command serves an application. */
  readonly commandsWith: typeof import('./commands.ts').commandsWith | null;
  /** Null when all listeners speak HTTP. */
  readonly gatewayAdmission: typeof import('./cgi/admission.ts').gatewayAdmission | null;
  /** Null when no admin-listen is set. */
  readonly Admin: typeof import('../admin/admin.ts').Admin | null;
  /** Null when nobody can see figures. */
  readonly ServerFigures: typeof import('../admin/server-figures.ts').ServerFigures | null;
}

export async function loadParts(
  configuration: Configuration,
  listeners: readonly InheritedListener[],
): Promise<Parts> {
  const { sites, applications, adminListen } = configuration;
  const routes = sites.flatMap((site) => site.routes);
  const proxies = routes.some((route) => route.proxy !== null);
  const commands = applications.some(({ target }) => target.kind === 'command');
  const gatewayProtocols = listeners.some(({ protocol }) => protocol !== null);
  const isSeen = adminListen !== null || routes.some((route) => route['status-page'] !== null);
  return {
    features: await loadFeatures(configuration),
    ProxyUpstreams: proxies ? (await import('./proxy-upstreams.ts')).ProxyUpstreams : null,
    commandsWith: commands ? (await import('./commands.ts')).commandsWith : null,
    gatewayAdmission: gatewayProtocols ? (await import('./cgi/admission.ts')).gatewayAdmission : null,
    Admin: adminListen === null ? null : (await import('../admin/admin.ts')).Admin,
    ServerFigures: isSeen ? (await import('../admin/server-figures.ts')).ServerFigures : null,
  };
}
