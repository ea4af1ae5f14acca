/** A real browser, without a window, for pages that people see: Chromium, driven by its DevTools protocol. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const program = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);

/** For the options of a test. */
export const browserMissing = program === undefined && 'there is no Chromium';

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];

type Message = { id?: number; method?: string; result?: object; error?: { message: string } };

/** One page of a browser of its own. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (message: Message) => void>();
  #loaded: (() => void) | null = null;
  #lastId = 0;

  static async open(flags: readonly string[] = []): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'vivarium-browser-'));
    const args = [
      ...FLAGS,
      ...flags,
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
      'about:blank',
    ];
    const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    for await (const chunk of child.stderr!) {
      said += chunk;
      if (/DevTools listening on \S+\n/.test(said)) break;
    }
    const { host } = new URL(/DevTools listening on (\S+)/.exec(said)![1]!);
    const pages = (await (await fetch(`http://${host}/json/list`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const page = pages.find(({ type }) => type === 'page')!;
    const socket = new WebSocket(page.webSocketDebuggerUrl);
    await once(socket, 'open');
    const browser = new Browser(child, profile, socket);
    await browser.command('Page.enable');
    return browser;
  }

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#child = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.method === 'Page.loadEventFired') this.#loaded?.();
      if (message.id !== undefined) this.#answers.get(message.id)?.(message);
    });
  }

  /** Resolves when the page has loaded to which `action` leads. */
  async loads(action: () => Promise<unknown>): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await action();
    await loaded;
  }

  async goTo(url: string): Promise<void> {
    await this.loads(() => this.command('Page.navigate', { url }));
  }

  /** The value of an expression in the page, or of what it promises, as JSON. */
  async evaluate<T>(expression: string): Promise<T> {
    const params = { expression, returnByValue: true, awaitPromise: true };
    const answer = await this.command('Runtime.evaluate', params);
    return (answer as { result: { value: T } }).result.value;
  }

  command(method: string, params: object = {}): Promise<object> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ result, error }) => {
        this.#answers.delete(id);
        if (error === undefined) resolve(result!);
        else reject(new Error(`${method}: ${error.message}`));
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  async close(): Promise<void> {
    this.#socket.close();
    const closed = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await closed;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
