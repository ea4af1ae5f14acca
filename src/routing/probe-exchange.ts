/** A request that goes through routing and is answered by nobody: to find out which routes it would come by. */
import type { Exchange, FieldList, Request } from '../exchange.ts';

export class ProbeExchange implements Exchange {
  readonly request: Request;
  readonly redirects: number;
  readonly body = null;
  readonly id = '';
  captures: Readonly<Record<string, string>> | null = null;
  environ: string[] | null = null;
  counted = 0;
  onDrain = null;
  onGone = null;
  onFinished = null;
  readonly status = 0;
  readonly responseFields: FieldList = [];
  readonly bodyBytesSent = 0;
  readonly outcome = 'complete';
  readonly startedAtMs = 0;
  readonly durationMs = 0;
  readonly receivedAt = 0;
  readonly endedAt = 0;
  workerPid = 0;
  application = null;

  constructor(request: Request, redirects = 0) {
    this.request = request;
    this.redirects = redirects;
  }

  respond(): void {}
  start(): void {}
  write(): boolean {
    return true;
  }
  end(): void {}
  interim(): void {}
  upgrade(): null {
    return null;
  }
  abort(): void {}
}
