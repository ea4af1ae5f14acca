/**
 * A Django project: its settings module is read from manage.py, and what the settings say is asked of Django
 * itself, because only it can evaluate them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { WsgiTarget } from '../configuration.ts';
import { askPython, type Python } from './ask-python.ts';
import { kindOf } from './target.ts';

export interface DjangoProject {
  readonly target: WsgiTarget;
  readonly staticFiles: { readonly url: string; readonly path: string; readonly from: string } | null;
  readonly warnings: readonly string[];
}

/** As `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")`, or an assignment. */
const SETTINGS_MODULE = /["']DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*["']([\w.]+)["']/;

/** The settings module that manage.py names, or null when there is no manage.py of Django. */
export function readSettingsModule(directory: string): string | null {
  const path = join(directory, 'manage.py');
  if (!existsSync(path)) return null;
  return SETTINGS_MODULE.exec(readFileSync(path, 'utf8'))?.[1] ?? null;
}

/**
 * Prints are sent to stderr, so that they do not mix with the answer. The script prefix gives a relative
 * STATIC_URL the mount point, as it will have in requests.
 */
const ASK_SETTINGS = `
import json, os, sys
answer, sys.stdout = sys.stdout, sys.stderr
os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1]
sys.path[1:1] = sys.argv[3:]
import django
from django.conf import settings
from django.urls import set_script_prefix
set_script_prefix(sys.argv[2])
admin = "django.contrib.admin" in settings.INSTALLED_APPS
json.dump({
    "wsgiApplication": settings.WSGI_APPLICATION,
    "staticUrl": settings.STATIC_URL,
    "staticRoot": None if settings.STATIC_ROOT is None else os.path.abspath(os.fspath(settings.STATIC_ROOT)),
    "adminStatic": os.path.join(os.path.dirname(django.__file__), "contrib/admin/static/admin") if admin else None,
}, answer)
`;
const Settings = z.object({
  wsgiApplication: z.string().nullable(),
  staticUrl: z.string().nullable(),
  staticRoot: z.string().nullable(),
  adminStatic: z.string().nullable(),
});
type Settings = z.infer<typeof Settings>;

export async function readDjangoProject(
  directory: string,
  settingsModule: string,
  python: Python,
  options: { readonly mountPoint: string; readonly pythonPath: readonly string[] },
): Promise<DjangoProject | { readonly mistake: string }> {
  const prefix = options.mountPoint === '/' ? '/' : `${options.mountPoint}/`;
  const answer = await askPython(python, ASK_SETTINGS, settingsModule, prefix, ...options.pythonPath);
  const parsed = 'failure' in answer ? null : Settings.safeParse(answer.value);
  const settings = parsed?.data ?? null;
  const target = targetOf(settings?.wsgiApplication ?? null, settingsModule, directory);
  const failure = 'failure' in answer ? answer.failure : 'they have values of unexpected types';
  if (target === null) {
    const why = settings === null ? failure : 'they have no WSGI_APPLICATION, and the project has no wsgi.py';
    return {
      mistake: `application: the settings of the Django project, ${settingsModule}, name none: ${why}`,
    };
  }
  if (settings === null) {
    const warning = `the Django settings ${settingsModule} cannot be read (${failure}), so static files are not served`;
    return { target, staticFiles: null, warnings: [warning] };
  }
  return { target, ...staticFilesOf(settings, settingsModule) };
}

/** WSGI_APPLICATION, else the wsgi.py that `startproject` puts beside the settings. */
function targetOf(
  wsgiApplication: string | null,
  settingsModule: string,
  directory: string,
): WsgiTarget | null {
  const dot = wsgiApplication?.lastIndexOf('.') ?? -1;
  if (wsgiApplication !== null && dot > 0) {
    const [module, callable] = [wsgiApplication.slice(0, dot), wsgiApplication.slice(dot + 1)];
    return { kind: 'module', module, callable };
  }
  const project = settingsModule.split('.')[0]!;
  if (!existsSync(join(directory, project, 'wsgi.py'))) return null;
  return { kind: 'module', module: `${project}.wsgi`, callable: null };
}

function staticFilesOf(
  settings: Settings,
  settingsModule: string,
): Pick<DjangoProject, 'staticFiles' | 'warnings'> {
  const { staticUrl, staticRoot, adminStatic } = settings;
  // An absolute URL means that somebody else serves them.
  if (staticUrl === null || !staticUrl.startsWith('/') || staticUrl.startsWith('//')) {
    return { staticFiles: null, warnings: [] };
  }
  if (staticRoot !== null && kindOf(staticRoot) === 'directory') {
    const from = `STATIC_URL and STATIC_ROOT of ${settingsModule}`;
    return { staticFiles: { url: staticUrl, path: staticRoot, from }, warnings: [] };
  }
  const cause =
    staticRoot === null
      ? `STATIC_ROOT is not set in ${settingsModule}; set it and run "manage.py collectstatic"`
      : `STATIC_ROOT (${staticRoot}) does not exist; run "manage.py collectstatic"`;
  if (adminStatic === null || kindOf(adminStatic) !== 'directory') {
    return { staticFiles: null, warnings: [`static files are not served: ${cause}`] };
  }
  return {
    staticFiles: {
      url: `${staticUrl.replace(/\/$/, '')}/admin`,
      path: adminStatic,
      from: 'django.contrib.admin',
    },
    warnings: [`of the static files only those of the admin are served: ${cause}`],
  };
}
