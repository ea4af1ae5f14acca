/**
 * The states in which one request of a FastCGI connection arrives, as the table by which request-decoder.ts goes.
 *
 *   idle ─ begin → params ─ params-end → stdin ─ stdin-end → idle        params, stdin ─ abort → idle
 */

export type RequestState = 'idle' | 'params' | 'stdin';
export type RequestInput = 'begin' | 'params' | 'params-end' | 'stdin' | 'stdin-end' | 'abort';

/** What has no entry is a fault of the web server. */
export const STATES: Readonly<Record<RequestState, Readonly<Partial<Record<RequestInput, RequestState>>>>> = {
  // Section 3.3: what comes for a request that is not under way is ignored. Only whoever answers knows of an abort.
  idle: {
    begin: 'params',
    params: 'idle',
    'params-end': 'idle',
    stdin: 'idle',
    'stdin-end': 'idle',
    abort: 'idle',
  },
  params: { params: 'params', 'params-end': 'stdin', abort: 'idle' },
  stdin: { stdin: 'stdin', 'stdin-end': 'idle', abort: 'idle' },
};
