/** What the exchanges of one `compress` share: the rules, a limit on encoders, and answers that are given again. */

import { type Wish, wishReader } from '../../base/accept-encoding.ts';
import type { CodingName, CompressSettings } from '../../config/sections/compress.ts';
import type { Bytes, FieldList } from '../../exchange.ts';
import { compressedFields, type Described, typeTest, withVary } from './answer.ts';
import { CODINGS, type Encoder } from './codings.ts';

export interface WholeAnswer {
  readonly fields: FieldList;
  readonly body: Bytes;
}

interface KeptAnswer extends WholeAnswer {
  /** The body that it was made of. */
  readonly from: Bytes;
}

/** Up to this size the event loop compresses in less time than it takes to hand the work to another thread. */
const AT_ONCE_MAX = 32_768;

/** No Content, Reset Content, Partial Content, Not Modified. */
const NEVER = new Set([204, 205, 206, 304]);

export class Compressor {
  readonly #settings: CompressSettings;
  readonly #isCompressible: (type: string) => boolean;
  readonly readWish: (accept: string | null) => Wish<CodingName>;
  #encoders = 0;
  /** By their list of fields, which is frozen for that purpose (files in memory); for each coding, and null for none. */
  readonly #kept = new WeakMap<FieldList, Map<CodingName | null, KeptAnswer>>();

  constructor(settings: CompressSettings) {
    this.#settings = settings;
    this.#isCompressible = typeTest(settings);
    this.readWish = wishReader(settings.codings);
  }

  /** `size`: bytes of the body; null when they are not known yet. */
  mayCompress(
    status: number,
    { isFixed, type }: Described,
    size: number | null,
    wish: Wish<CodingName>,
  ): boolean {
    if (isFixed || size === 0 || status < 200 || NEVER.has(status)) return false;
    if (wish.refusesIdentity && wish.coding !== null) return true;
    return (size === null || size >= this.#settings.minSize) && this.#isCompressible(type);
  }

  /** Compressed on the event loop. */
  isQuick(coding: CodingName, size: number): boolean {
    return size <= AT_ONCE_MAX && this.#settings.levels[coding] <= CODINGS[coding].nowLevelMax;
  }

  /** `coding`: null for a client that gets it as it is, although others do not; so does one for whom it would take long. */
  answerWhole(fields: FieldList, body: Bytes, coding: CodingName | null): WholeAnswer {
    if (!Object.isFrozen(fields)) return this.#make(fields, body, coding);
    const answers = this.#kept.get(fields) ?? new Map<CodingName | null, KeptAnswer>();
    this.#kept.set(fields, answers);
    const known = answers.get(coding);
    if (known !== undefined && known.from === body) return known;
    const made = this.#make(fields, body, coding);
    const kept = { fields: Object.freeze(made.fields), body: made.body, from: body };
    answers.set(coding, kept);
    return kept;
  }

  #make(fields: FieldList, body: Bytes, coding: CodingName | null): WholeAnswer {
    if (coding === null || !this.isQuick(coding, body.length)) return { fields: withVary(fields), body };
    const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
    const compressed = CODINGS[coding].now(bytes, this.#settings.levels[coding]);
    return { fields: compressedFields(fields, coding), body: compressed };
  }

  get mayEncode(): boolean {
    return this.#encoders < this.#settings.maxStreams;
  }

  /** `size`: bytes that will come, if that is certain; else null. */
  createEncoder(coding: CodingName, size: number | null): Encoder {
    this.#encoders += 1;
    const encoder = CODINGS[coding].stream(this.#settings.levels[coding], size);
    encoder.once('close', () => {
      this.#encoders -= 1;
    });
    return encoder;
  }
}
