/** The client's end of the control socket: one request, and its answers until the last one. */
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  CONTROL_SOCKET,
  type ControlAnswer,
  type ControlRequest,
  type LastAnswer,
  type ServerEvent,
} from './protocol.ts';

/** The server cannot be asked. The message is for the operator. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

/** A traceback of the largest size, with every character of it escaped. */
const LINE_BYTES_MAX = 8 * 1_048_576;
/** A server answers these at once, even when its gateway does not. */
const QUICK: readonly string[] = ['status', 'ps'];
const QUICK_WAIT_MS = 15_000;

/** Who is told what comes before the last answer. */
export interface Listeners {
  progress?(text: string): void;
  event?(event: ServerEvent): void;
  /** Ends the wait for more; it is a ControlError. */
  readonly abandon?: AbortSignal;
}

/** Throws ControlError. */
export function askServer(
  serverRoot: string,
  request: ControlRequest,
  listeners: Listeners = {},
): Promise<LastAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(serverRoot, CONTROL_SOCKET));
    const give = (why: string) => {
      socket.destroy();
      reject(new ControlError(why));
    };
    let text = '';
    const take = (line: string) => {
      const answer = parseAnswer(line);
      if (answer === null) return give(`the server at ${serverRoot} gave an answer that makes no sense`);
      if (!answer.done)
        return 'event' in answer ? listeners.event?.(answer.event) : listeners.progress?.(answer.progress);
      resolve(answer);
      socket.destroy();
    };
    if (QUICK.includes(request.command)) {
      socket.setTimeout(QUICK_WAIT_MS, () =>
        give(`the server at ${serverRoot} did not answer within ${QUICK_WAIT_MS / 1000} s`),
      );
    }
    const abandon = () => give('nobody waits for the answer any more');
    listeners.abandon?.addEventListener('abort', abandon);
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop()!;
      if (text.length > LINE_BYTES_MAX) give(`the server at ${serverRoot} gave an answer that is too long`);
      for (const line of lines) if (!socket.destroyed) take(line);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => give(explain(error, serverRoot)));
    socket.on('close', () => {
      listeners.abandon?.removeEventListener('abort', abandon);
      give(`the server at ${serverRoot} ended before it had answered`);
    });
  });
}

function parseAnswer(line: string): ControlAnswer | null {
  try {
    const answer = JSON.parse(line);
    if (answer?.done === false)
      return typeof answer.progress === 'string' || typeof answer.event?.message === 'string' ? answer : null;
    return answer?.done === true && typeof answer.ok === 'boolean' ? answer : null;
  } catch {
    return null;
  }
}

function explain({ code, message }: NodeJS.ErrnoException, serverRoot: string): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `no server is running with the server root ${serverRoot}`;
    case 'ECONNREFUSED':
      return `the server that had the server root ${serverRoot} is gone`;
    case 'EACCES':
      return `the server at ${serverRoot} belongs to another user (EACCES)`;
    default:
      return `the server at ${serverRoot} cannot be asked: ${message}`;
  }
}
