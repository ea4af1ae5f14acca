/** When the gateway got a request, for workers that want to know: two f64 LE, seconds since 1970. Goes before the request. */
import { frame, Kind } from './frames.ts';

const payload = Buffer.alloc(16);

/** `receivedMs`: the first byte has come; `queuedMs`: it began to wait for a thread. */
export function timesFrame(id: number, receivedMs: number, queuedMs: number): string {
  payload.writeDoubleLE(receivedMs / 1000, 0);
  payload.writeDoubleLE(queuedMs / 1000, 8);
  return frame(Kind.times, id, payload.latin1Slice());
}
