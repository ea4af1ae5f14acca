/** Which format of metrics a client wants (RFC 9110, section 12.5.1). One that says nothing gets what a person can read. */
import type { Format } from './exposition.ts';

const FORMATS: readonly { format: Format; type: string; version: string }[] = [
  { format: 'openmetrics', type: 'application/openmetrics-text', version: '1.0.0' },
  { format: 'prometheus', type: 'text/plain', version: '0.0.4' },
  { format: 'prometheus', type: 'text/*', version: '' },
  { format: 'prometheus', type: '*/*', version: '' },
];

/** `accept`: the values of all Accept fields. */
export function chooseFormat(accept: string | null): Format {
  let best: Format = 'prometheus';
  let bestWeight = 0;
  for (const range of (accept ?? '').split(',')) {
    const [type, ...rest] = range.split(';').map((part) => part.trim().toLowerCase());
    const parameters = new Map(rest.map(parameter));
    const version = parameters.get('version');
    const found = FORMATS.find((one) => one.type === type && (version ?? one.version) === one.version);
    const weight = Number(parameters.get('q') ?? 1);
    // Of equals the one that was named first. A weight that is no number is none.
    if (found === undefined || !(weight > bestWeight)) continue;
    best = found.format;
    bestWeight = weight;
  }
  return best;
}

function parameter(text: string): [name: string, value: string] {
  const [name = '', value = ''] = text.split('=', 2);
  return [name.trim(), value.trim().replace(/^"(.*)"$/, '$1')];
}
