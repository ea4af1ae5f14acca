/** `vivarium top`: a running server on a live screen. */
import { setTimeout } from 'node:timers/promises';
import { askServer, ControlError } from '../../control/client.ts';
import type { ServerEvent } from '../../control/protocol.ts';
import { type Command, FAILED, OK } from '../command.ts';
import { withServer } from '../control-command.ts';
import { CONTROL_SWITCHES } from '../control-options.ts';
import type { Screen } from './screen.ts';
import { SORT_KEYS, type SortKey, type TopState, topLines } from './view.ts';

const REFRESH_MS = 1000;
/** More than fit on a screen. */
const EVENTS_MAX = 100;
const END_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
const QUIT_KEYS: readonly string[] = ['q', 'Q', '\x03', '\x1b'];

const { json: _, ...SWITCHES } = CONTROL_SWITCHES;

export const top: Command = {
  name: 'top',
  usage: '[options]',
  summary: 'watch a running server on a live screen',
  description: [
    'Shows requests a second, queue, connections, each worker with its memory and CPU, the requests in flight with the' +
      ' longest first, and what has happened last. Keys: q ends it; n, a, m, c, r and f sort the workers by number, age,' +
      ' memory, CPU, requests a second and requests in flight. It needs a terminal; scripts use vivarium status --json.',
  ],
  switches: SWITCHES,
  takesSettings: false,
  run: (argv, context) =>
    withServer(top, argv, context, async (serverRoot) => {
      const { terminal } = context;
      // Before the screen is opened, so that a server that cannot be asked is an ordinary failure.
      const first = await look(serverRoot);
      const screen = terminal.openScreen();
      if (screen === null) {
        terminal.tell(
          'vivarium top: this is no terminal; use vivarium status --json, ps --json or events --json\n',
        );
        return FAILED;
      }
      try {
        await new Top(serverRoot, first, screen).run(terminal.gone);
      } finally {
        screen.close();
      }
      return OK;
    }),
};

type Look = Pick<TopState, 'now' | 'requests'>;

async function look(serverRoot: string): Promise<Look> {
  const [status, ps] = await Promise.all([
    askServer(serverRoot, { command: 'status' }),
    askServer(serverRoot, { command: 'ps', stacks: false }),
  ]);
  if (!status.ok) throw new ControlError(status.why);
  return {
    now: { atMs: performance.now(), status: status.status! },
    requests: ps.ok ? ps.requests! : null,
  };
}

/** Throws what is no ControlError. */
function reasonOf(error: unknown): string {
  if (!(error instanceof ControlError)) throw error;
  return error.message;
}

class Top {
  readonly #serverRoot: string;
  readonly #screen: Screen;
  readonly #ended = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  #state: TopState;

  constructor(serverRoot: string, first: Look, screen: Screen) {
    this.#serverRoot = serverRoot;
    this.#screen = screen;
    this.#state = { ...first, before: null, trouble: null, events: [], sort: 'n' };
  }

  /** Resolves when its user has had enough. */
  async run(gone: AbortSignal): Promise<void> {
    const end = () => this.#ended.resolve();
    gone.addEventListener('abort', end);
    for (const signal of END_SIGNALS) process.once(signal, end);
    this.#screen.onKey((key) => this.#onKey(key));
    this.#screen.onResize(() => this.#draw());
    this.#draw();
    void this.#followEvents();
    void this.#refreshAgainAndAgain();
    await this.#ended.promise;
    this.#closing.abort();
    for (const signal of END_SIGNALS) process.removeListener(signal, end);
  }

  #onKey(key: string): void {
    if (QUIT_KEYS.includes(key)) this.#ended.resolve();
    else if (Object.hasOwn(SORT_KEYS, key)) this.#update({ sort: key as SortKey });
  }

  async #refreshAgainAndAgain(): Promise<void> {
    while (await this.#pause()) {
      try {
        const { now, requests } = await look(this.#serverRoot);
        this.#update({ before: this.#state.now, now, requests, trouble: null });
      } catch (error) {
        this.#update({ trouble: reasonOf(error) });
      }
    }
  }

  /** Again and again: the server may be stopped and started meanwhile. */
  async #followEvents(): Promise<void> {
    const abandon = this.#closing.signal;
    do {
      this.#state = { ...this.#state, events: [] };
      const event = (one: ServerEvent) =>
        this.#update({ events: [...this.#state.events, one].slice(-EVENTS_MAX) });
      const request = { command: 'events', recent: EVENTS_MAX, follow: true } as const;
      // What keeps it from being asked is told by the next look.
      await askServer(this.#serverRoot, request, { event, abandon }).catch(reasonOf);
    } while (await this.#pause());
  }

  /** False when the screen is being closed. */
  async #pause(): Promise<boolean> {
    const { signal } = this.#closing;
    await setTimeout(REFRESH_MS, null, { signal }).catch(() => {});
    return !signal.aborted;
  }

  #update(change: Partial<TopState>): void {
    this.#state = { ...this.#state, ...change };
    this.#draw();
  }

  #draw(): void {
    if (!this.#closing.signal.aborted) this.#screen.draw(topLines(this.#state, this.#screen.size));
  }
}
