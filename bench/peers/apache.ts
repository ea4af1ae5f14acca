/** Apache httpd: with mod_wsgi in daemon and embedded mode for applications, alone for static files. */
import type { Job, Peer } from './peer.ts';
import { isApplication, isPlainApplication, missingCommands, THREADS, versionPrinted } from './peer.ts';

const MODULES = '/usr/lib/apache2/modules';
const WSGI_MODULE = `${MODULES}/mod_wsgi.so`;

/**
 * Threads of httpd: more than the load generator has connections, since the event MPM closes keep-alive connections
 * whenever all of its threads are busy, which clients see as errors.
 */
const HTTPD_THREADS = 128;

const apacheVersion = () => versionPrinted('apache2', '-v');
const modWsgiVersion = () =>
  `${versionPrinted('dpkg-query', '-W', 'libapache2-mod-wsgi-py3')}, Apache ${apacheVersion()}`;
const missingModWsgi = () => missingCommands('apache2', WSGI_MODULE);

export const modWsgiDaemon: Peer = {
  name: 'mod_wsgi daemon',
  serves: isPlainApplication,
  missing: missingModWsgi,
  version: modWsgiVersion,
  start: (job) =>
    launchApache(
      job,
      `WSGISocketPrefix ${job.directory}/wsgi
WSGIRestrictEmbedded On
WSGIDaemonProcess app processes=1 threads=${THREADS} python-path=${job.appsDirectory}
WSGIScriptAlias / ${job.appsDirectory}/${job.test.source}.py process-group=app application-group=%{GLOBAL}`,
    ),
};

export const modWsgiEmbedded: Peer = {
  name: 'mod_wsgi embedded',
  serves: isPlainApplication,
  missing: missingModWsgi,
  version: modWsgiVersion,
  start: (job) =>
    launchApache(
      job,
      `WSGIPythonPath ${job.appsDirectory}
WSGIScriptAlias / ${job.appsDirectory}/${job.test.source}.py application-group=%{GLOBAL}`,
    ),
};

export const apache: Peer = {
  name: 'Apache',
  serves: (test) => test.source === 'static',
  missing: () => missingCommands('apache2'),
  version: apacheVersion,
  start: (job) => launchApache(job, `Alias /static ${job.staticDirectory}`),
};

export function launchApache(job: Job, site: string, modules: readonly string[] = []) {
  const commands = [['apache2', '-d', job.directory, '-f', `${job.directory}/apache.conf`, '-DFOREGROUND']];
  return { commands, files: { 'apache.conf': configuration(job, site, modules) } };
}

function configuration(job: Job, site: string, more: readonly string[]): string {
  const names = ['mpm_event', 'authz_core', 'alias', 'mime', ...more];
  const modules = names.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so\n`).join('');
  const wsgi =
    isApplication(job.test) && job.test.between === undefined
      ? `LoadModule wsgi_module ${WSGI_MODULE}\n`
      : '';
  const user = process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : '';
  // The event MPM takes ThreadsPerChild × (1 + AsyncRequestWorkerFactor) connections into its one process.
  const factor = Math.ceil((job.test.connections * 2) / HTTPD_THREADS);
  return `${modules}${wsgi}${user}ServerName localhost
Listen 127.0.0.1:${job.port}
ListenBacklog ${job.backlog}
PidFile ${job.directory}/apache.pid
DefaultRuntimeDir ${job.directory}
Mutex posixsem
TypesConfig /etc/mime.types
ErrorLog ${job.directory}/error.log
LogLevel warn
StartServers 1
ServerLimit 1
ThreadLimit ${HTTPD_THREADS}
ThreadsPerChild ${HTTPD_THREADS}
MaxRequestWorkers ${HTTPD_THREADS}
MinSpareThreads 1
MaxSpareThreads ${HTTPD_THREADS}
AsyncRequestWorkerFactor ${factor}
KeepAlive On
KeepAliveTimeout 75
MaxKeepAliveRequests 0
EnableSendfile On
<Directory />
  AllowOverride None
  Options FollowSymLinks
  Require all granted
</Directory>
${site}
`;
}
