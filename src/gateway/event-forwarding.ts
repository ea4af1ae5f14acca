/**
 * Passes the gateway's messages of the error log on to the supervisor, for those who follow what happens. A client can
 * cause as many of them as it likes (`request-refused`): beyond a number a second they are only counted.
 */
import type { LogEntry } from '../telemetry/log.ts';

const EVENTS_PER_SECOND_MAX = 50;

export function forwardEvents(
  send: (event: LogEntry) => void,
  now: () => number = () => performance.now(),
): (event: LogEntry) => void {
  let secondBeganAt = Number.NEGATIVE_INFINITY;
  let sent = 0;
  let skipped = 0;
  return (event) => {
    if (now() - secondBeganAt >= 1000) {
      if (skipped > 0)
        send({ ...event, level: 'warn', code: 'events-skipped', message: skippedText(skipped) });
      secondBeganAt = now();
      sent = 0;
      skipped = 0;
    }
    if (sent++ < EVENTS_PER_SECOND_MAX) send(event);
    else skipped++;
  };
}

function skippedText(count: number): string {
  return `${count} messages came too fast: only the error log has them`;
}
