/** Asks a stack once, as any client would, and says what is wrong with the answer. */
import { once } from 'node:events';
import { request as requestPlain } from 'node:http';
import { connect } from 'node:http2';
import { request as requestTls } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type Case, hostOf } from './cases.ts';

const ANSWER_TIMEOUT_MS = 2_000;

/** null when the answer is right. */
export async function verifyAnswer(origin: string, test: Case): Promise<string | null> {
  try {
    const { status, body } = await (test.http2Streams === undefined ? ask : askHttp2)(origin, test);
    if (status !== 200) return `status ${status} where 200 is right`;
    if (body.length !== test.answer.bytes) return `${body.length} bytes where ${test.answer.bytes} are right`;
    if (test.answer.body !== undefined && !body.equals(test.answer.body)) return 'a body with other bytes';
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function ask(origin: string, test: Case): Promise<{ status: number; body: Buffer }> {
  const { method, path, bodyBytes } = test.request;
  const headers = {
    ...(bodyBytes > 0 ? { 'content-length': bodyBytes } : {}),
    ...(test.sites ? { host: hostOf(test)! } : {}),
    ...(test.gzip ? { 'accept-encoding': 'gzip' } : {}),
  };
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const request = test.tls ? requestTls : requestPlain;
  const options = { method, headers, agent: false, signal, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${origin}${path}`, options, (response) => {
      const blocks: Buffer[] = [];
      response.on('data', (block) => blocks.push(block));
      response.on('end', () => {
        const isGzip = response.headers['content-encoding'] === 'gzip';
        if (isGzip !== (test.gzip ?? false)) return reject(new Error('not the coding that was asked for'));
        const body = Buffer.concat(blocks);
        resolve({ status: response.statusCode ?? 0, body: isGzip ? gunzipSync(body) : body });
      });
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(Buffer.alloc(bodyBytes, 'x'));
  });
}

async function askHttp2(origin: string, test: Case): Promise<{ status: number; body: Buffer }> {
  const session = connect(origin);
  // The stream has the same error.
  session.on('error', () => {});
  try {
    const stream = session.request({ ':path': test.request.path });
    stream.setTimeout(ANSWER_TIMEOUT_MS, () => stream.destroy(new Error('no answer')));
    const [[headers], body] = await Promise.all([once(stream, 'response'), buffer(stream)]);
    return { status: headers[':status'], body };
  } finally {
    session.destroy();
  }
}
