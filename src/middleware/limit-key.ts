/** The key of a limit: requests with the same one share it, and those for which it is empty have no limit. */
import { clientKey } from '../base/client-key.ts';
import { compileTemplate, type Template } from '../variables.ts';

const ADDRESS = '{remote-address}';

/** The template of an address alone means the client: of IPv6 the network. */
export function compileLimitKey(template: string): Template {
  if (template === ADDRESS) return ({ request }) => clientKey(request.remoteAddress);
  return compileTemplate(template)!;
}
