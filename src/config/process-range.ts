/** How many workers there may be: `4`, or `1:8` for as many as are needed from 1 to 8. */
import { z } from 'zod';
import type { ProcessRange } from './configuration.ts';
import { formatProcessRange } from './format.ts';
import { numberFromText, type ValueType } from './value-types.ts';

const PROCESSES_MAX = 1024;

const fixed = z.int().min(1).max(PROCESSES_MAX);
const range = z
  .string()
  .regex(/^\d{1,4}:\d{1,4}$/)
  .transform((text) => rangeOf(...(text.split(':').map(Number) as [number, number])))
  .refine(({ min, max }) => min <= max && max >= 1 && max <= PROCESSES_MAX);

export const processRange: ValueType<ProcessRange> = {
  schema: z.union([fixed.transform((count) => rangeOf(count, count)), range]),
  allowed: `a whole number from 1 to ${PROCESSES_MAX}, or MIN:MAX, as 1:8, with MIN from 0 to MAX`,
  placeholder: 'N',
  fromText: numberFromText,
  format: formatProcessRange,
};

/** Null when it is not one. */
export function parseProcessRange(text: string): ProcessRange | null {
  return processRange.schema.safeParse(processRange.fromText(text)).data ?? null;
}

function rangeOf(min: number, max: number): ProcessRange {
  return { min, max };
}
