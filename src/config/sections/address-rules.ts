/** `address-rules`: who may come, by address, with the meaning of nginx's allow and deny. */
import { z } from 'zod';
import { ADDRESS_RULE_ALLOWED, isAddressRule } from '../../base/address-rules.ts';
import { section } from '../section.ts';
import { list, one } from '../setting.ts';
import { count, type ValueType } from '../value-types.ts';

export interface AddressRulesSettings {
  /** As base/address-rules.ts has them. */
  readonly rules: readonly string[];
  readonly status: number;
}

const rule: ValueType<string> = {
  schema: z.string().refine(isAddressRule),
  allowed: ADDRESS_RULE_ALLOWED,
  placeholder: 'RULE',
  fromText: (text) => text,
  format: String,
};

export const addressRules = section({
  help: 'who may come, by address',
  short: 'rules',
  required: ['rules'],
  parts: {
    rules: list(rule, {
      help: 'tried from top to bottom, the first that fits decides: "allow 10.0.0.0/8", "deny all"',
    }),
    status: one(count(400, 599, 'STATUS'), { default: 403, help: 'status for whom is denied' }),
  },
  build: (values): AddressRulesSettings => values,
});
