/** What is told of the requests in flight: a flood of them must not become one large message. */
import type { RequestInFlight, RequestsInFlight } from '../control/messages.ts';

const REQUESTS_MAX = 500;
const TARGET_LENGTH_MAX = 1000;

/** `requests` are in the order of their age. */
export function oldestOf(requests: readonly RequestInFlight[]): RequestsInFlight {
  return { total: requests.length, oldest: requests.slice(0, REQUESTS_MAX).map(shorten) };
}

function shorten(request: RequestInFlight): RequestInFlight {
  const { target } = request;
  return target.length <= TARGET_LENGTH_MAX
    ? request
    : { ...request, target: `${target.slice(0, TARGET_LENGTH_MAX)}…` };
}
