/** Types of values that are about proxies in front of this server. */
import { z } from 'zod';
import { isNetwork } from '../base/address-list.ts';
import { FORWARDING_MEANINGS } from '../base/forwarding-headers.ts';
import type { ValueType } from './value-types.ts';

export const trustedProxy: ValueType<string> = {
  schema: z.string().refine((value) => value === 'unix:' || value === 'none' || isNetwork(value)),
  allowed:
    'an IP address, a network like 10.0.0.0/8, unix: for all clients of Unix sockets, or none, which removes the headers of everybody',
  placeholder: 'ADDRESS',
  fromText: (text) => text,
  format: String,
};

/** An address or a network. */
export const network: ValueType<string> = {
  schema: z.string().refine(isNetwork),
  allowed: 'an IP address or a network like 10.0.0.0/8',
  placeholder: 'ADDRESS',
  fromText: (text) => text,
  format: String,
};

const NAMES = Object.keys(FORWARDING_MEANINGS);

/** In lower case. */
export const forwardingHeader: ValueType<string> = {
  schema: z
    .string()
    .toLowerCase()
    .refine((name) => NAMES.includes(name)),
  allowed: NAMES.map((name) => name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())).join(', '),
  placeholder: 'NAME',
  fromText: (text) => text,
  format: String,
};
