/** Clients that send numbered requests, one after the other or pipelined, over connections that they keep or drop. */
import { ConnectionEnded, RawClient, type Response } from '../support/raw-client.ts';
import type { Book, Entry, Outcome } from './book.ts';
import type { Random } from './random.ts';
import { KINDS, type Order, QUICK } from './requests.ts';

/** A request without an outcome after this time has none. */
const PATIENCE_MS = 60_000;
const REQUESTS_PER_CONNECTION_MAX = 60;
const PIPELINED_MAX = 4;
/** Some clients ask without a pause, others think for up to this time. */
const THINK_MS_MAX = 40;

export class Clients {
  readonly #port: number;
  readonly #book: Book;
  readonly #running: Promise<void>[];
  #stopping = false;

  constructor(port: number, book: Book, random: Random, count: number) {
    this.#port = port;
    this.#book = book;
    this.#running = Array.from({ length: count }, (_, n) => this.#run(random.fork(), n % 3 > 0));
  }

  /** Lets every client finish what it has sent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #run(random: Random, thinks: boolean): Promise<void> {
    while (!this.#stopping) {
      let left = random.between(1, REQUESTS_PER_CONNECTION_MAX);
      await withConnection(this.#port, this.#book, async (connection) => {
        while (left-- > 0 && !this.#stopping && !connection.hasEnded) {
          const isOpen = await perform(connection, chooseOrders(random), this.#book);
          if (!isOpen) return;
          if (thinks) await pause(random.between(0, THINK_MS_MAX));
        }
      });
    }
  }
}

function chooseOrders(random: Random): Order[] {
  const order = random.pickWeighted(KINDS).make(random);
  if (order !== QUICK) return [order];
  return new Array<Order>(random.next() < 0.05 ? random.between(2, PIPELINED_MAX) : 1).fill(order);
}

/** One request on a connection of its own. */
export function sendOne(port: number, order: Order, book: Book): Promise<void> {
  return withConnection(port, book, async (connection) => {
    await perform(connection, [order], book);
  });
}

async function withConnection(
  port: number,
  book: Book,
  use: (connection: RawClient) => Promise<void>,
): Promise<void> {
  let connection: RawClient;
  try {
    connection = await RawClient.open(port, PATIENCE_MS);
  } catch (error) {
    book.refusals.push(`${new Date().toISOString()} ${(error as Error).message}`);
    return pause(100);
  }
  await use(connection).finally(() => connection.close());
}

/** Sends all, then reads the answers. False when the connection can take no more. */
async function perform(connection: RawClient, orders: readonly Order[], book: Book): Promise<boolean> {
  const sent = orders.map((order) => ({ order, entry: book.enter(order.kind) }));
  connection.socket.write(Buffer.concat(sent.map(({ order, entry }) => bytesOf(order, entry.number))));
  let isOpen = true;
  let outcome: Outcome = 'dropped';
  for (const { order, entry } of sent) {
    if (isOpen) {
      entry.sentAtMs = Date.now();
      isOpen = await read(connection, order, entry, book);
      outcome = entry.outcome === 'answered' ? 'dropped' : 'cut';
    } else {
      book.close(entry, outcome);
    }
  }
  return isOpen;
}

async function read(connection: RawClient, order: Order, entry: Entry, book: Book): Promise<boolean> {
  let hasLeft = false;
  const timers = [
    order.pauseMs > 0 && setTimeout(() => connection.socket.resume(), order.pauseMs),
    order.leaveAfterMs !== null &&
      setTimeout(() => {
        hasLeft = true;
        connection.close();
      }, order.leaveAfterMs),
  ];
  if (order.pauseMs > 0) connection.socket.pause();
  try {
    const response = await connection.readResponse();
    note(entry, order, response);
    book.close(entry, response.complete ? 'answered' : hasLeft ? 'left' : 'cut');
    // After a pause the connection may have ended behind the answer.
    return response.complete && response.get('connection') !== 'close' && order.pauseMs === 0;
  } catch (error) {
    if (hasLeft) book.close(entry, 'left');
    else if (error instanceof ConnectionEnded) book.close(entry, 'cut');
    else entry.fault = (error as Error).message;
    return false;
  } finally {
    for (const timer of timers) if (timer) clearTimeout(timer);
  }
}

function note(entry: Entry, order: Order, response: Response): void {
  entry.status = response.status;
  if (response.status !== 200) return;
  entry.version = Number(response.get('x-version'));
  if (!response.complete) return;
  const expected = order.answer(entry.number);
  if (response.text === expected) return;
  const [found, wanted] = [response.text, expected ?? 'no 200'].map((text) =>
    JSON.stringify(text.slice(0, 60)),
  );
  entry.fault = `the answer is ${found} of ${response.text.length} bytes, and not ${wanted} of ${expected?.length ?? 0}`;
}

function bytesOf({ path, body }: Order, number: number): Buffer {
  const line = `${body === null ? 'GET' : 'POST'} ${path}&number=${number} HTTP/1.1`;
  const length = body === null ? [] : [`Content-Length: ${body.length}`];
  const head = [line, 'Host: localhost', ...length, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
