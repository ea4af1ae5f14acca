/** What `--enable-recorder` has written (python/vivarium/dev/recorder.py): requests and responses as HTTP messages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Message {
  /** "GET / HTTP/1.1", "HTTP/1.1 200 OK" */
  readonly startLine: string;
  /** Name and value, as they stood there; latin-1. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export interface Recording {
  readonly key: string;
  readonly request: Message;
  /** Null when the application failed before its response began, or was ended. */
  readonly response: Message | null;
  /** There is a traceback. */
  readonly hasFailed: boolean;
}

/** The message says what is wrong with the directory or a file in it. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

const ENDING = '.request';

/** In the order in which the requests came. */
export function findRecordings(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    throw new RecordingError(`${directory}: cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const keys = names.filter((name) => name.endsWith(ENDING)).map((name) => name.slice(0, -ENDING.length));
  if (keys.length === 0)
    throw new RecordingError(
      `${directory}: holds no recorded requests (KEY${ENDING}), see --enable-recorder`,
    );
  return keys.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

export function readRecording(directory: string, key: string): Recording {
  const path = join(directory, key);
  const response = `${path}.response`;
  return {
    key,
    request: readMessage(path + ENDING),
    response: existsSync(response) ? readMessage(response) : null,
    hasFailed: existsSync(`${path}.exception`),
  };
}

function readMessage(path: string): Message {
  const content = readFileSync(path);
  const end = content.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = content.latin1Slice(0, Math.max(0, end)).split('\r\n');
  const fields = lines.map((line) => /^([^:\s]+): ?(.*)$/s.exec(line));
  if (end < 0 || !/^\S+ \S+/.test(startLine) || fields.includes(null))
    throw new RecordingError(`${path}: is no HTTP message`);
  return {
    startLine,
    fields: fields.map((field) => [field![1]!, field![2]!]),
    body: content.subarray(end + 4),
  };
}
