/** The request path, put together from the configuration: listeners → routing and middleware → handlers. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Admin } from '../admin/admin.ts';
import type { ServerFigures } from '../admin/server-figures.ts';
import type { StatusSources } from '../admin/status/status-report.ts';
import { Applications } from '../apps/applications.ts';
import { WorkerListener } from '../apps/worker-listener.ts';
import type { Configuration } from '../config/configuration.ts';
import type {
  GatewayAnswers,
  InheritedListener,
  OfApplication,
  ToApplication,
  ToGateway,
  ToSupervisor,
  UpstreamReport,
} from '../control/messages.ts';
import type { Exchange } from '../exchange.ts';
import type { RequestFields } from '../fields.ts';
import type { Handler } from '../handler.ts';
import type { Refusal } from '../protocols/http1/refusal.ts';
import { ServerFields } from '../protocols/response-fields.ts';
import type { Log } from '../telemetry/log.ts';
import { Credentials } from '../tls/credentials.ts';
import { type ClientConnections, clientConnections } from './client-connections.ts';
import { countConnections } from './connection-counts.ts';
import { makeEntrance } from './entrance.ts';
import type { ErrorOutput } from './error-output.ts';
import { gatewayReport } from './gateway-report.ts';
import { Listener } from './listener.ts';
import type { ListenerContext } from './listener-context.ts';
import { oldestOf } from './oldest-requests.ts';
import type { Parts } from './parts.ts';
import { proxyHeadersContext } from './proxy-headers.ts';
import { SERVER_NAME } from './server-name.ts';
import { composeSite, type Site } from './site.ts';
import type { HandshakeContext } from './tls-handshakes.ts';

type Configure = Extract<ToGateway, { type: 'configure' }>;

const CHECK_MS = 1_000;
/** Longest wait for the first answers of DNS about upstream servers. */
const FIRST_LOOKUPS_MS = 2_000;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** Of the admin listener: nobody has so many load balancers. */
const ADMIN_CLIENTS_MAX = 256;
const ADMIN_BODY_MAX = 1_024;

export class Gateway {
  readonly #configure: Configure;
  readonly #configuration: Configuration;
  readonly #parts: Parts;
  readonly #log: Log;
  readonly #errorOutput: ErrorOutput;
  readonly #tell: (message: ToSupervisor) => void;
  readonly #serverFields: ServerFields;
  /** Of answers by TLS. */
  readonly #secureServerFields: ServerFields;
  readonly #applications: Applications;
  readonly #workerListener: WorkerListener;
  readonly #site: Site;
  /** Null when no listener speaks TLS. */
  readonly #tls: HandshakeContext | null;
  /** Null when nobody can see them: then nothing is counted. */
  readonly #figures: ServerFigures | null;
  /** Null when no admin-listen is set. */
  readonly #admin: Admin | null;
  /** Null when a client may have any number. */
  readonly #clientConnections: ClientConnections | null;
  readonly #listeners: Listener[] = [];
  readonly #adminListeners: Listener[] = [];
  #checks: NodeJS.Timeout | null = null;
  readonly #idPrefix = `${randomBytes(5).toString('hex')}-`;
  #requests = 0;

  constructor(
    configure: Configure,
    parts: Parts,
    log: Log,
    errorOutput: ErrorOutput,
    tell: (message: ToSupervisor) => void,
  ) {
    this.#errorOutput = errorOutput;
    this.#configure = configure;
    this.#configuration = configure.configuration;
    this.#parts = parts;
    this.#log = log;
    this.#tell = tell;
    const { http } = this.#configuration;
    const name = http.serverTokens ? SERVER_NAME.withVersion : SERVER_NAME.plain;
    this.#serverFields = new ServerFields(name, new Date());
    this.#secureServerFields = new ServerFields(name, new Date(), http.hstsPolicy);
    this.#clientConnections = clientConnections(this.#configuration, log);
    this.#tls = this.#createTls();
    this.#applications = this.#createApplications();
    this.#workerListener = new WorkerListener((number) => this.#applications.workerOf(number), log);
    this.#figures = parts.ServerFigures && new parts.ServerFigures(tell);
    this.#admin = parts.Admin && this.#createAdmin(parts.Admin, this.#figures!);
    this.#site = composeSite(
      this.#configuration,
      parts,
      (name) => this.#applications.get(name) ?? null,
      this.#figures && this.#statusSources(this.#figures),
      makeEntrance(this.#configuration, configure.listeners, this.#tls?.credentials ?? null),
      log,
    );
  }

  async start(): Promise<void> {
    const { workerSocketPath, workerSocketMode } = this.#configure;
    await this.#workerListener.listen(workerSocketPath, workerSocketMode);
    await this.#site.upstreams?.ready(FIRST_LOOKUPS_MS);
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
    if ('application' in message) return this.#toldOfApplication(message);
    switch (message.type) {
      case 'accept':
        this.#accept().then(
          () => this.#tell({ type: 'accepting' }),
          (error: Error) => this.#tell({ type: 'not-serving', why: error.message }),
        );
        break;
      case 'stopping':
        if (this.#admin !== null) this.#admin.isStopping = true;
        break;
      case 'supervisor-report':
        this.#figures?.supervisorReported(message);
        break;
      case 'tls':
        this.#tls?.credentials.renew(message.material);
        break;
      case 'acme-challenges':
        this.#tls?.credentials.show(message.challenges);
        break;
      case 'reopen-logs':
        this.#reopenLogs();
        break;
      case 'change-upstream':
        this.#site.upstreams?.change(message.change);
        break;
      case 'ask':
        void this.#answer(message.question).then((answer) =>
          this.#tell({ type: 'answer', id: message.id, answer }),
        );
        break;
      case 'purge':
        void this.#site.cacheStore
          .purge(message.purge)
          .then((answer) => this.#tell({ type: 'answer', id: message.id, answer }));
        break;
    }
  }

  #reopenLogs(): void {
    this.#site.reopenLogs();
    const { directory } = this.#configuration.logs;
    if (directory === null) return;
    const path = join(directory, 'error_log');
    this.#applications.reopenLog(path);
    try {
      this.#errorOutput.reopen(path);
    } catch (error) {
      this.#log.error('log-reopen-failed', `${(error as Error).message}; the open file goes on`);
    }
  }

  async #answer(
    question: Extract<ToGateway, { type: 'ask' }>['question'],
  ): Promise<GatewayAnswers[typeof question]> {
    switch (question) {
      case 'report':
        return gatewayReport(this.#listeners, this.#requests, this.#applications);
      case 'requests':
        return oldestOf(await this.#applications.requestsInFlight(false));
      case 'requests-with-stacks':
        return oldestOf(await this.#applications.requestsInFlight(true));
      case 'upstreams':
        return this.#upstreamReports();
    }
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
    this.#workerListener.close();
    this.#applications.close();
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

  #toldOfApplication(message: ToApplication & OfApplication): void {
    if (message.type === 'worker-exited') {
      const worker = this.#applications.workerOf(message.worker);
      if (worker !== undefined) this.#admin?.workerEnded(message.application, worker);
    }
    this.#applications.told(message);
    if (message.type === 'expect-worker') this.#workerListener.workerAdded(message.identity.worker);
  }

  #createAdmin(kind: NonNullable<Parts['Admin']>, figures: ServerFigures): Admin {
    return new kind({
      applications: this.#applications,
      connections: () => countConnections(this.#listeners),
      cache: () => this.#site.cacheStore,
      upstreams: this.#upstreamReports,
      figures,
      log: this.#log,
    });
  }

  #statusSources(figures: ServerFigures): StatusSources {
    return {
      figures,
      applications: this.#applications,
      connections: () => countConnections(this.#listeners),
      upstreams: this.#upstreamReports,
      requestsInFlight: () => this.#applications.requestsInFlight(false),
    };
  }

  #createTls(): HandshakeContext | null {
    const { tls: settings, http } = this.#configuration;
    const protocols = http.http2 === null ? ['http/1.1'] : ['h2', 'http/1.1'];
    const { tls: material } = this.#configure;
    if (settings === null || material === null) return null;
    return { settings, credentials: new Credentials(settings, material), log: this.#log, protocols };
  }

  #createApplications(): Applications {
    const { applications, http, serverRoot } = this.#configuration;
    const spool = {
      memoryMax: http.responseBufferSize,
      fileMax: http.responseSpoolSize,
      directory: serverRoot,
    };
    const other = this.#parts.commandsWith?.(spool, this.#log) ?? (() => null);
    const hosted = new Applications(spool, this.#tell, this.#log, other);
    for (const settings of applications) hosted.add(settings);
    return hosted;
  }

  #siteContext({ path, tls, proxied, protocol, url }: InheritedListener): ListenerContext {
    const { http, serverRoot } = this.#configuration;
    // The limit of a body is enforced where it is read.
    const fileMax = Number.POSITIVE_INFINITY;
    return {
      settings: http,
      bodySpool: { memoryMax: http.requestBufferSize, fileMax, directory: serverRoot },
      serverFields: tls ? this.#secureServerFields : this.#serverFields,
      log: this.#log,
      path,
      // A web server in front of us has those of many clients.
      clientConnections: protocol === null ? this.#clientConnections : null,
      proxy: proxied ? proxyHeadersContext(url, this.#configuration, this.#log) : null,
      gateway: protocol && this.#parts.gatewayAdmission!(protocol, url, this.#configuration, this.#log),
      tls: tls ? this.#tls : null,
      handle: this.#site.handle,
      streamsBodies: this.#site.streamsBodies,
      refuse: this.#refuse,
      nextId: http.trustRequestId ? this.#givenId : this.#nextId,
    };
  }

  /** With limits of its own: a crowd of clients of the site keeps nobody from asking how it is. */
  #adminContext(inherited: InheritedListener, admin: Admin): ListenerContext {
    const site = this.#siteContext(inherited);
    return {
      ...site,
      clientConnections: null,
      settings: { ...site.settings, maxClients: ADMIN_CLIENTS_MAX, limitRequestBody: ADMIN_BODY_MAX },
      handle: admin.handle,
      streamsBodies: false,
      refuse: (exchange, { status, why }) => exchange.abort(status, `${why}.`),
    };
  }

  readonly #upstreamReports = (): UpstreamReport[] => this.#site.upstreams?.report() ?? [];

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
    this.#secureServerFields.tick(new Date());
    for (const listener of [...this.#listeners, ...this.#adminListeners]) listener.check(now);
    this.#applications.check(now);
    this.#figures?.tick();
  };
}
