/** The request path, put together from the configuration: listeners → routing and middleware → handlers. */
import { randomBytes } from 'node:crypto';
import { Admin } from '../admin/admin.ts';
import { Application } from '../apps/application.ts';
import { DemandReports } from '../apps/demand-reports.ts';
import { WorkerListener } from '../apps/worker-listener.ts';
import type { Configuration } from '../config/configuration.ts';
import type {
  GatewayAnswers,
  GatewayReport,
  InheritedListener,
  ToGateway,
  ToSupervisor,
} from '../control/messages.ts';
import { BrokenCode } from '../development/broken-code.ts';
import type { Exchange } from '../exchange.ts';
import type { RequestFields } from '../fields.ts';
import type { Handler } from '../handler.ts';
import type { Refusal } from '../protocols/http1/refusal.ts';
import { ServerFields } from '../protocols/http1/response-head.ts';
import type { Log } from '../telemetry/log.ts';
import { Listener } from './listener.ts';
import type { ListenerContext } from './listener-context.ts';
import { oldestOf } from './oldest-requests.ts';
import { SERVER_NAME } from './server-name.ts';
import { composeSite, type Site } from './site.ts';

type Configure = Extract<ToGateway, { type: 'configure' }>;

const CHECK_MS = 1_000;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** Of the admin listener: nobody has so many load balancers. */
const ADMIN_CLIENTS_MAX = 256;
const ADMIN_BODY_MAX = 1_024;

export class Gateway {
  readonly #configure: Configure;
  readonly #configuration: Configuration;
  readonly #log: Log;
  readonly #tell: (message: ToSupervisor) => void;
  readonly #serverFields: ServerFields;
  readonly #application: Application | null;
  readonly #demand: DemandReports | null;
  #leastWorkers: number;
  /** What there is to show of code that cannot be loaded. */
  readonly #brokenCode = new BrokenCode();
  readonly #workerListener: WorkerListener | null;
  readonly #site: Site;
  /** Null when no admin-listen is set: then nothing is counted. */
  readonly #admin: Admin | null;
  readonly #listeners: Listener[] = [];
  readonly #adminListeners: Listener[] = [];
  #checks: NodeJS.Timeout | null = null;
  readonly #idPrefix = `${randomBytes(5).toString('hex')}-`;
  #requests = 0;

  constructor(configure: Configure, log: Log, tell: (message: ToSupervisor) => void) {
    this.#configure = configure;
    this.#configuration = configure.configuration;
    this.#log = log;
    this.#tell = tell;
    const { http } = this.#configuration;
    this.#serverFields = new ServerFields(
      http.serverTokens ? SERVER_NAME.withVersion : SERVER_NAME.plain,
      new Date(),
    );
    this.#application = this.#createApplication();
    this.#leastWorkers = this.#configuration.application?.processes.min ?? 0;
    this.#demand = this.#application && new DemandReports(this.#application, tell);
    this.#workerListener = this.#application && new WorkerListener(this.#application.workers, log);
    this.#admin = this.#configuration.adminListen === null ? null : this.#createAdmin();
    const counts = this.#admin?.counts ?? null;
    this.#site = composeSite(this.#configuration, this.#applicationHandler(), counts, log);
  }

  async start(): Promise<void> {
    await this.#workerListener?.listen(this.#configure.workerSocketPath);
    if (this.#configure.accepts) await this.#accept();
    this.#checks = setInterval(() => setImmediate(this.#check), CHECK_MS);
  }

  async #accept(): Promise<void> {
    for (const inherited of this.#configure.listeners) {
      const isAdmin = inherited.role === 'admin';
      const listener = new Listener(
        isAdmin ? this.#adminContext(inherited, this.#admin!) : this.#siteContext(inherited),
      );
      await listener.listen(inherited.fd, this.#configuration.backlog);
      (isAdmin ? this.#adminListeners : this.#listeners).push(listener);
    }
  }

  handle(message: ToGateway): void {
    switch (message.type) {
      case 'accept':
        this.#accept().then(
          () => this.#tell({ type: 'accepting' }),
          (error: Error) => this.#tell({ type: 'not-serving', why: error.message }),
        );
        break;
      case 'expect-worker':
        this.#application?.expect(message.identity);
        this.#workerListener?.workerAdded(message.identity.worker);
        break;
      case 'switch':
        if (message.activate.length > 0) this.#brokenCode.report = null;
        this.#application?.switch(message.activate, message.drain);
        break;
      case 'worker-exited':
        this.#onWorkerExited(message.worker, message.cause);
        break;
      case 'application-unavailable':
        this.#application?.unavailable(message.why);
        break;
      case 'stopping':
        if (this.#admin !== null) this.#admin.isStopping = true;
        break;
      case 'supervisor-report':
        this.#admin?.supervisorReported(message);
        break;
      case 'reopen-logs':
        this.#site.reopenLogs();
        break;
      case 'scale':
        this.#leastWorkers = message.min;
        this.#demand?.setWanted(message.min < message.max);
        break;
      case 'ask':
        void this.#answer(message.question).then((answer) =>
          this.#tell({ type: 'answer', id: message.id, answer }),
        );
        break;
    }
  }

  async #answer(question: keyof GatewayAnswers): Promise<GatewayAnswers[typeof question]> {
    switch (question) {
      case 'report':
        return this.#report();
      case 'requests':
        return oldestOf(this.#application?.requestsInFlight() ?? []);
      case 'requests-with-stacks':
        return oldestOf((await this.#application?.requestsWithStacks()) ?? []);
    }
  }

  #report(): GatewayReport {
    const workers = [...(this.#application?.workers.values() ?? [])];
    return {
      connections: this.#listeners.reduce((sum, { connections }) => sum + connections, 0),
      requests: this.#requests,
      queued: this.#application?.queue.length ?? 0,
      workers: workers.map(({ identity, load, answeredTotal }) => ({
        worker: identity.worker,
        inFlight: load,
        answered: answeredTotal,
      })),
    };
  }

  /**
   * Stops listening and resolves when the last connection has ended. Those without a request have `lingerMs` to send
   * one: a client that is about to should not find its connection closed. Health checks are answered to the end when
   * the server stops; when another gateway takes over they are its business.
   */
  async drain(lingerMs: number): Promise<void> {
    if (this.#admin?.isStopping === false) void this.#drainAdmin();
    if (lingerMs > 0) setTimeout(() => this.#closeIdle(), lingerMs).unref();
    await Promise.all(this.#listeners.map((listener) => listener.drain(lingerMs > 0)));
    await this.#drainAdmin();
    if (this.#checks !== null) clearInterval(this.#checks);
    this.#admin?.close();
    this.#workerListener?.close();
    this.#application?.close();
    await this.#site.close();
  }

  /** Requests that are still there while it drains are given up, so that `drain` resolves. */
  cut(): void {
    for (const listener of [...this.#listeners, ...this.#adminListeners]) listener.cut();
  }

  async #drainAdmin(): Promise<void> {
    await Promise.all(this.#adminListeners.map((listener) => listener.drain(false)));
  }

  #closeIdle(): void {
    for (const listener of this.#listeners) void listener.drain(false);
  }

  #onWorkerExited(number: number, cause: string): void {
    const worker = this.#application?.workers.get(number);
    if (worker !== undefined) this.#admin?.workerEnded(worker);
    this.#application?.exited(number, cause);
  }

  #createAdmin(): Admin {
    const sum = (figure: (listener: Listener) => number) =>
      this.#listeners.reduce((total, listener) => total + figure(listener), 0);
    return new Admin({
      application: this.#application,
      workersWanted: () => this.#leastWorkers,
      connections: () => ({
        open: sum(({ connections }) => connections),
        accepted: sum(({ accepted }) => accepted),
        turnedAway: sum(({ turnedAway }) => turnedAway),
      }),
      tell: this.#tell,
      log: this.#log,
    });
  }

  #createApplication(): Application | null {
    const { application, http, serverRoot } = this.#configuration;
    if (application === null) return null;
    const spool = {
      memoryMax: http.responseBufferSize,
      fileMax: http.responseSpoolSize,
      directory: serverRoot,
    };
    const tell = this.#tell;
    return new Application(
      application,
      spool,
      {
        ready: (worker) => tell({ type: 'worker-ready', worker: worker.identity.worker, pid: worker.pid }),
        failed: (worker, traceback, report) => {
          this.#brokenCode.report = report;
          tell({ type: 'worker-failed', worker: worker.identity.worker, traceback });
        },
        stopping: (worker) => tell({ type: 'worker-stopping', worker: worker.identity.worker }),
        evicted: (worker) => tell({ type: 'worker-evicted', worker: worker.identity.worker }),
        drained: (worker) => tell({ type: 'worker-drained', worker: worker.identity.worker }),
        stuck: (worker, why) => tell({ type: 'worker-stuck', worker: worker.identity.worker, why }),
        deadlocked: (worker, why) => tell({ type: 'worker-deadlocked', worker: worker.identity.worker, why }),
        broken: (worker, why) => tell({ type: 'worker-broken', worker: worker.identity.worker, why }),
        deserted: () => this.#demand?.report(),
      },
      this.#log,
    );
  }

  #applicationHandler(): Handler | null {
    if (this.#application === null) return null;
    const { handle, showsTracebacks } = this.#application;
    return showsTracebacks ? this.#brokenCode.shownBefore(handle) : handle;
  }

  #siteContext({ path }: InheritedListener): ListenerContext {
    const { http, serverRoot } = this.#configuration;
    const bodyLimit = http.limitRequestBody > 0 ? http.limitRequestBody : Number.POSITIVE_INFINITY;
    return {
      settings: http,
      bodySpool: { memoryMax: http.requestBufferSize, fileMax: bodyLimit, directory: serverRoot },
      serverFields: this.#serverFields,
      log: this.#log,
      path,
      handle: this.#site.handle,
      refuse: this.#refuse,
      nextId: http.trustRequestId ? this.#givenId : this.#nextId,
    };
  }

  /** With limits of its own: a crowd of clients of the site keeps nobody from asking how it is. */
  #adminContext(inherited: InheritedListener, admin: Admin): ListenerContext {
    const site = this.#siteContext(inherited);
    return {
      ...site,
      settings: { ...site.settings, maxClients: ADMIN_CLIENTS_MAX, limitRequestBody: ADMIN_BODY_MAX },
      handle: admin.handle,
      refuse: (exchange, { status, why }) => exchange.abort(status, `${why}.`),
    };
  }

  readonly #nextId = (): string => this.#idPrefix + (++this.#requests).toString(36);

  /** As a proxy before us has named the request, if it has. */
  readonly #givenId = (fields: RequestFields): string => {
    const { requestIdHeader } = this.#configuration.http;
    const given = fields.get(requestIdHeader?.toLowerCase() ?? 'x-request-id');
    const own = this.#nextId();
    return given !== null && REQUEST_ID.test(given) ? given : own;
  };

  readonly #refuse = (exchange: Exchange, refusal: Refusal): void => {
    this.#log.info(
      'request-refused',
      `[request ${exchange.id}] from ${exchange.request.remoteAddress}: ${refusal.status} ${refusal.why}`,
    );
    const answer: Handler = (refused) => refused.abort(refusal.status, `${refusal.why}.`);
    this.#site.wrap(answer)(exchange);
  };

  /** After the sockets were read: what has come while we did not run, or were busy, is in time. */
  readonly #check = (): void => {
    const now = performance.now();
    this.#serverFields.tick(new Date());
    for (const listener of [...this.#listeners, ...this.#adminListeners]) listener.check(now);
    this.#application?.check(now);
    this.#reportUsage();
  };

  /** For the limits that only we can tell are reached. */
  #reportUsage(): void {
    const recycling = this.#configuration.application?.recycling;
    if (!recycling || recycling.maximumRequests + recycling.inactivityTimeoutMs === 0) return;
    const workers = [...this.#application!.workers.values()];
    const usage = workers.map((worker) => worker.takeUsage()).filter((one) => one !== null);
    if (usage.length > 0) this.#tell({ type: 'worker-usage', usage });
  }
}
