/**
 * Fields that were told before. Clients send the same ones again and again, and nginx has them behind all other variables:
 * so the end of a block of variables is looked for as a whole. What was made of it is shared by the requests that have it,
 * with what the worker protocol has made of that (`RequestFields.encoded`).
 */
import type { RequestFields } from '../../fields.ts';
import type { HeadLimits } from '../http1/request-head.ts';
import type { GatewayRequest } from './gateway-request.ts';

/** A block of variables, read. */
export interface Block {
  /** Name, value, …; without the fields at its end if they are known. */
  readonly environ: string[];
  /** From the first field to the end, as the front has written it. '' without one. */
  readonly end: string;
  readonly known: RequestFields | null;
}

/**
 * A protocol's way to write variables: name, value, … or what is wrong with it. `stopsAt` is asked where a field begins; if
 * it says yes, the rest is not read.
 */
export type ReadVariables = (
  text: string,
  variablesMax: number,
  stopsAt?: (at: number) => boolean,
) => string[] | string;

/** Longer ends are not kept, nor more of them: 2 MB are the most. */
const END_MAX = 4096;
const KNOWN_MAX = 512;

/** One for each protocol. */
export class KnownFields {
  readonly #read: ReadVariables;
  readonly #byEnd = new Map<string, { readonly fields: RequestFields; readonly limits: HeadLimits }>();

  constructor(read: ReadVariables) {
    this.#read = read;
  }

  read(text: string, variablesMax: number, limits: HeadLimits): Block | string {
    let end = '';
    let known: RequestFields | null = null;
    const environ = this.#read(text, variablesMax, (at) => {
      // From the first one on, or not at all.
      if (end !== '') return false;
      end = text.slice(at);
      known = this.#find(end, limits);
      return known !== null;
    });
    return typeof environ === 'string' ? environ : { environ, end, known };
  }

  /** What became of a block. */
  keep({ environ, end, known }: Block, { fields }: GatewayRequest, limits: HeadLimits): void {
    if (known !== null || end === '' || end.length > END_MAX) return;
    const fieldsFrom = environ.findIndex((name, i) => i % 2 === 0 && name.startsWith('HTTP_'));
    for (let i = fieldsFrom; i < environ.length; i += 2) if (!environ[i]!.startsWith('HTTP_')) return;
    // These two are told by other variables.
    if (fields.get('content-type') !== null || fields.get('content-length') !== null) return;
    if (this.#byEnd.size >= KNOWN_MAX) this.#byEnd.clear();
    // A copy: `end` is a part of all that the front has sent.
    this.#byEnd.set(Buffer.from(end, 'latin1').latin1Slice(), { fields, limits });
  }

  /** What was within other limits is not known to be within these. */
  #find(end: string, limits: HeadLimits): RequestFields | null {
    const known = this.#byEnd.get(end);
    return known?.limits === limits ? known.fields : null;
  }
}
