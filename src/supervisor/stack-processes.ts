/** How the processes of a stack are started: from its configuration, with what the server holds. */
import { randomBytes } from 'node:crypto';
import type { ApplicationSettings, CommandTarget, Configuration } from '../config/configuration.ts';
import type { TlsMaterial, ToGateway, WorkerIdentity } from '../control/messages.ts';
import { createLog, type LogLevel } from '../telemetry/log.ts';
import type { WorkerProcess } from './pool/pool-member.ts';
import { CommandHandle, unstartedCommand } from './processes/command-process.ts';
import type { OutOfMemoryWatch } from './processes/exit-cause.ts';
import { type GatewayEvents, GatewayHandle, inheritedListeners } from './processes/gateway-process.ts';
import { type WorkerEvents, WorkerHandle } from './processes/worker-process.ts';
import { type CommandSocket, CommandSockets } from './resources/command-sockets.ts';
import { findIdentity } from './resources/privileges.ts';
import type { Resources } from './resources/resources.ts';
import type { ServerSocket } from './resources/socket-set.ts';
import { reasonOf } from './startup-error.ts';
import type { CertificateKeeper } from './tls/certificate-keeper.ts';

/** What the processes run. */
export interface Programs {
  readonly gateway: string;
  readonly worker: string;
}

export interface ProcessSurroundings {
  readonly programs: Programs;
  readonly resources: Resources;
  readonly outOfMemory: OutOfMemoryWatch;
  readonly certificates: CertificateKeeper;
}

export class StackProcesses {
  readonly #number: number;
  readonly #configuration: Configuration;
  readonly #sockets: readonly ServerSocket[];
  readonly #surroundings: ProcessSurroundings;
  readonly #commandSockets: CommandSockets;

  constructor(
    number: number,
    configuration: Configuration,
    sockets: readonly ServerSocket[],
    surroundings: ProcessSurroundings,
  ) {
    this.#number = number;
    this.#configuration = configuration;
    this.#sockets = sockets;
    this.#surroundings = surroundings;
    this.#commandSockets = new CommandSockets(surroundings.resources.identity);
  }

  startGateway(events: GatewayEvents): GatewayHandle {
    const { programs, resources, outOfMemory } = this.#surroundings;
    const { identity, errorLog } = resources;
    this.removeWorkerSocket();
    this.prepareAccessLogs();
    const start = {
      program: programs.gateway,
      sockets: this.#sockets,
      identity,
      outputFd: errorLog.outputFd,
      errorFd: errorLog.fd,
    };
    return new GatewayHandle(start, outOfMemory, events);
  }

  configureMessage(accepts: boolean): ToGateway {
    const isOfOther = (application: ApplicationSettings) => this.#isOfOtherUser(application);
    return {
      type: 'configure',
      configuration: this.#configuration,
      listeners: inheritedListeners(this.#sockets),
      workerSocketPath: this.#surroundings.resources.serverRoot.workerSocketPath(this.#number),
      // Those of other users prove themselves, too.
      workerSocketMode: this.#configuration.applications.some(isOfOther) ? 0o666 : 0o600,
      accepts,
      tls: this.tlsMaterial(),
    };
  }

  /** Null when no listener speaks TLS. */
  tlsMaterial(): TlsMaterial | null {
    const { tls } = this.#configuration;
    return tls === null ? null : this.#surroundings.certificates.material(tls);
  }

  #identify(worker: number, generation: number, application: ApplicationSettings): WorkerIdentity {
    const { threads } = application;
    const { serverRoot } = this.#surroundings.resources;
    const token = randomBytes(16).toString('hex');
    const ledgerPath = serverRoot.ledgerPath(worker);
    const owner = findIdentity(application.user, application.group);
    if (owner !== null && this.#isOfOtherUser(application)) serverRoot.makeLedger(worker, owner);
    return { worker, token, threads, generation, ledgerPath };
  }

  /** A worker, or the command of the application. */
  startProcess(
    worker: number,
    generation: number,
    application: ApplicationSettings,
    events: WorkerEvents,
  ): WorkerProcess {
    const identity = this.#identify(worker, generation, application);
    const { target } = application;
    return target.kind === 'command'
      ? this.#startCommand(identity, application, target, events)
      : this.#startWorker(identity, application, events);
  }

  #startWorker(
    identity: WorkerIdentity,
    application: ApplicationSettings,
    events: WorkerEvents,
  ): WorkerHandle {
    const { programs, resources, outOfMemory } = this.#surroundings;
    const { shutdownTimeoutMs, logs } = this.#configuration;
    const start = {
      identity,
      application,
      program: programs.worker,
      socketPath: resources.serverRoot.workerSocketPath(this.#number),
      shutdownTimeoutMs,
      logLevel: logs.level,
      outputFd: resources.errorLog.fd,
    };
    return new WorkerHandle(start, outOfMemory, events);
  }

  #startCommand(
    identity: WorkerIdentity,
    application: ApplicationSettings,
    target: CommandTarget,
    events: WorkerEvents,
  ): WorkerProcess {
    const { resources, outOfMemory } = this.#surroundings;
    const { backlog, shutdownTimeoutMs, logs } = this.#configuration;
    const use = { application: application.name, generation: identity.generation };
    const path = resources.serverRoot.commandSocketPath(identity.worker);
    let socket: CommandSocket;
    try {
      socket = this.#commandSockets.open(target.socket, use, path);
    } catch (error) {
      return unstartedCommand(identity, reasonOf(error), events.ended);
    }
    const write = (line: string, level: LogLevel) => resources.errorLog.write(line, level);
    const makeLog = (process: string) => createLog(process, logs.level, write);
    const start = { identity, application, target, socket, backlog, shutdownTimeoutMs, makeLog };
    return new CommandHandle(start, outOfMemory, {
      ended: (end, wasTold) => {
        if (wasTold) socket.close();
        else this.#commandSockets.leave(socket, use);
        events.ended(end);
      },
    });
  }

  /** Commands of this generation serve. */
  commandsServe(application: string, generation: number): void {
    this.#commandSockets.forget({ application, generation });
  }

  /** No more are started. */
  closeCommandSockets(): void {
    this.#commandSockets.close();
  }

  /** Its workers do not run as the gateway does. */
  #isOfOtherUser({ user, group }: ApplicationSettings): boolean {
    return user !== this.#configuration.user || group !== this.#configuration.group;
  }

  retireLedger(worker: number): void {
    this.#surroundings.resources.serverRoot.retireLedger(worker);
  }

  prepareAccessLogs(): void {
    this.#surroundings.resources.prepareAccessLogs(this.#configuration.logs);
  }

  removeWorkerSocket(): void {
    this.#surroundings.resources.serverRoot.removeWorkerSocket(this.#number);
  }
}
