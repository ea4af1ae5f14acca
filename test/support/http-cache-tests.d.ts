/** The public HTTP cache tests (https://cache-tests.fyi) have no types of their own. */
declare module 'http-cache-tests/tests/index.mjs' {
  const suites: readonly {
    readonly name: string;
    readonly tests: readonly {
      readonly id: string;
      readonly name: string;
      /** Without it the test is required. */
      readonly kind?: 'required' | 'optimal' | 'check';
      readonly browser_only?: boolean;
    }[];
  }[];
  export default suites;
}

declare module 'http-cache-tests/tests/surrogate-control.mjs' {
  export { default } from 'http-cache-tests/tests/index.mjs';
}

declare module 'http-cache-tests/client/runner.mjs' {
  import type suites from 'http-cache-tests/tests/index.mjs';

  export function runTests(
    tests: typeof suites,
    fetch: typeof globalThis.fetch,
    isBrowser: boolean,
    baseUrl: string,
    chunkSize: number,
  ): Promise<void>;
  /** True, or the kind of failure and what it was. */
  export function getResults(): Readonly<Record<string, true | readonly [string, string]>>;
}

declare module 'http-cache-tests/server/handle-config.mjs' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export default function handle(
    path: readonly string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): void;
}

declare module 'http-cache-tests/server/handle-test.mjs' {
  export { default } from 'http-cache-tests/server/handle-config.mjs';
}

declare module 'http-cache-tests/server/handle-state.mjs' {
  export { default } from 'http-cache-tests/server/handle-config.mjs';
}
