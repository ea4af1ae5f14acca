/**
 * The states of one request of a FastCGI connection, as the table by which request-decoder.ts goes.
 *
 *   idle ─ begin → params ─ params-end → stdin ─ stdin-end → answering ─ answered → idle
 *                  params, stdin, answering ─ abort → idle     stdin ─ answered → idle: before all of it was read
 */

export type RequestState = 'idle' | 'params' | 'stdin' | 'answering';
export type RequestInput = 'begin' | 'params' | 'params-end' | 'stdin' | 'stdin-end' | 'abort' | 'answered';

/** What has no entry is a fault of the web server. */
export const STATES: Readonly<Record<RequestState, Readonly<Partial<Record<RequestInput, RequestState>>>>> = {
  // Section 3.3: what comes for a request that is over, or was refused, is ignored.
  idle: {
    begin: 'params',
    params: 'idle',
    'params-end': 'idle',
    stdin: 'idle',
    'stdin-end': 'idle',
    abort: 'idle',
    answered: 'idle',
  },
  params: { params: 'params', 'params-end': 'stdin', abort: 'idle', answered: 'idle' },
  stdin: { stdin: 'stdin', 'stdin-end': 'answering', abort: 'idle', answered: 'idle' },
  answering: { abort: 'idle', answered: 'idle' },
};
