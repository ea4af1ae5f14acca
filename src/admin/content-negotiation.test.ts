import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseFormat } from './content-negotiation.ts';

const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,' +
  'application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,' +
  'text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

for (const [accept, expected] of [
  [PROMETHEUS_3, 'openmetrics'],
  ['application/openmetrics-text', 'openmetrics'],
  ['Application/OpenMetrics-Text; Version="1.0.0"', 'openmetrics'],
  ['application/openmetrics-text; version=0.0.1, text/plain; q=0.1', 'prometheus'],
  ['application/openmetrics-text; q=0.5, text/plain; q=0.9', 'prometheus'],
  ['application/openmetrics-text; q=0', 'prometheus'],
  ['application/openmetrics-text; q=x', 'prometheus'],
  ['text/plain;version=0.0.4', 'prometheus'],
  ['*/*, application/openmetrics-text; q=0.9', 'prometheus'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'prometheus'],
  ['application/json', 'prometheus'],
  [', ;;=', 'prometheus'],
  ['', 'prometheus'],
  [null, 'prometheus'],
] as const) {
  test(`accept ${accept}`, () => assert.equal(chooseFormat(accept), expected));
}
