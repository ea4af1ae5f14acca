/** The thread of password-checks.ts. */
import { parentPort } from 'node:worker_threads';
import { checkPassword } from '../../base/passwords/scheme.ts';
import type { Answer, Question } from './password-checks.ts';

parentPort!.on('message', ([id, hash, password]: Question) => {
  const accepted = checkPassword(hash, Buffer.from(password));
  parentPort!.postMessage([id, accepted] satisfies Answer);
});
