/** What FastCGI asks about the application as a whole (section 4): records with id 0, and their answers. */
import { pair, readPairs } from './name-value-pairs.ts';
import { GET_VALUES, GET_VALUES_RESULT, record, UNKNOWN_TYPE } from './records.ts';

/** Connections are not limited one by one, and requests wait in the queue of their application: as good as any number. */
const MANY = '10000';
const VALUES: ReadonlyMap<string, string> = new Map([
  ['FCGI_MAX_CONNS', MANY],
  ['FCGI_MAX_REQS', MANY],
  ['FCGI_MPXS_CONNS', '1'],
]);
/** More names than the specification has are not worth an answer. */
const NAMES_MAX = 16;

export function managementReply(type: number, content: Buffer): string {
  if (type !== GET_VALUES) return record(UNKNOWN_TYPE, 0, `${String.fromCharCode(type)}\0\0\0\0\0\0\0`);
  const asked = readPairs(content.latin1Slice(), NAMES_MAX);
  let result = '';
  for (let i = 0; typeof asked !== 'string' && i < asked.length; i += 2) {
    const value = VALUES.get(asked[i]!);
    if (value !== undefined) result += pair(asked[i]!, value);
  }
  return record(GET_VALUES_RESULT, 0, result);
}
