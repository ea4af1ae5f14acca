/**
 * While the newest code cannot be loaded, its author sees why in the browser, in place of what the workers from before
 * still answer to everybody else.
 */
import type { Handler } from '../handler.ts';
import { answerFailure } from './failure-answer.ts';
import type { FailureReport } from './failure-report.ts';

export class BrokenCode {
  /** Null: it can be loaded. */
  report: FailureReport | null = null;

  shownBefore(next: Handler): Handler {
    return (exchange) => {
      if (this.report === null || !answerFailure(exchange, 503, this.report)) next(exchange);
    };
  }
}
