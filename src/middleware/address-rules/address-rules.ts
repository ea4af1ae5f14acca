/** address-rules: who may come, by address. */
import { compileAddressRules } from '../../base/address-rules.ts';
import type { AddressRulesSettings } from '../../config/sections/address-rules.ts';
import type { Middleware } from '../../handler.ts';

export function addressRules({ rules, status }: AddressRulesSettings): Middleware {
  const allows = compileAddressRules(rules);
  return (next) => (exchange) => {
    if (allows(exchange.request.remoteAddress)) next(exchange);
    else exchange.abort(status, 'This is not served to your address.');
  };
}
