/** A traceback as an HTML page. Everything on it comes from the application or a client and is escaped. */
import { escapeHtml } from '../base/escape-html.ts';
import type { Request } from '../exchange.ts';
import type { FailureReport, ReportedException, ReportedFrame } from './failure-report.ts';
import { FAILURE_STYLE } from './failure-style.ts';

const RELATIONS = {
  cause: 'This was the cause of it:',
  context: 'It was raised while this one was handled:',
} as const;

export function failurePage(request: Request, report: FailureReport): string {
  const [first = { title: report.summary, relation: null, frames: [] }, ...causes] = report.exceptions;
  const line = `${request.method} ${request.target}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(headline(report.summary))}</title>
<style>${FAILURE_STYLE}</style>
</head>
<body>
<header>
<p class="request">${report.environ === null ? 'The application could not be loaded' : escapeHtml(utf8(line))}</p>
${formatTitle('h1', first.title)}
</header>
<main>
${formatFrames(first)}
${causes.map(formatCause).join('\n')}
${report.environ === null ? '' : formatEnviron(report.environ)}
<section>
<h2>As text</h2>
<pre class="text" tabindex="0">${escapeHtml(report.text)}</pre>
</section>
</main>
<footer>Shown to browsers on this machine only: <code>traceback-pages</code> is on, as <code>vivarium dev</code> has it.</footer>
</body>
</html>
`;
}

function formatCause(exception: ReportedException): string {
  const relation =
    exception.relation === null ? '' : `<p class="relation">${RELATIONS[exception.relation]}</p>`;
  return `${relation}\n${formatTitle('h2', exception.title)}\n${formatFrames(exception)}`;
}

/** A syntax error has the lines of its place in its title; the last line names it. */
function formatTitle(tag: 'h1' | 'h2', title: string): string {
  const lines = title.split('\n');
  const last = lines.findLastIndex((line) => /^\S/.test(line));
  const name = last < 0 ? title : lines.slice(last).join('\n');
  const [, kind = name, message = ''] = /^([\w.]+): ?([\s\S]*)$/.exec(name) ?? [];
  return `<${tag}><span class="kind">${escapeHtml(kind)}</span> <span class="message">${escapeHtml(message)}</span></${tag}>`;
}

/** The innermost call first, as that is where it went wrong; open are those of the application. */
function formatFrames({ frames }: ReportedException): string {
  if (frames.length === 0) return '';
  const isAnyOfApplication = frames.some(({ isApplication }) => isApplication);
  const items = frames
    .toReversed()
    .map((frame, index) => formatFrame(frame, index === 0 || frame.isApplication));
  const hint = isAnyOfApplication ? '' : '<p class="relation">None of these calls is in the application.</p>';
  return `${hint}<ol class="frames">\n${items.join('\n')}\n</ol>`;
}

function formatFrame(frame: ReportedFrame, isOpen: boolean): string {
  const { file, line, function: name, first, source, isApplication } = frame;
  const where = `<span class="file">${escapeHtml(file)}</span><span class="line">:${line}</span>`;
  const call = name === '' ? '' : ` <span class="function">${escapeHtml(name)}</span>`;
  const lines = source.map((text, index) => formatLine(text, first + index, first + index === line)).join('');
  const body =
    source.length === 0 ? '<p class="relation">Its source is not known.</p>' : `<pre>${lines}</pre>`;
  const kind = isApplication ? 'application' : 'library';
  return `<li class="${kind}"><details${isOpen ? ' open' : ''}><summary>${where}${call}</summary>${body}</details></li>`;
}

function formatLine(text: string, number: number, isCurrent: boolean): string {
  const content = `<span class="number">${number}</span>${escapeHtml(text) || ' '}`;
  return isCurrent ? `<mark>${content}</mark>\n` : `<span class="code">${content}</span>\n`;
}

function formatEnviron(environ: Readonly<Record<string, string>>): string {
  const rows = Object.entries(environ)
    .map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`)
    .join('\n');
  return `<section>\n<h2>Environ</h2>\n<div class="wide" tabindex="0"><table>\n${rows}\n</table></div>\n</section>`;
}

/** One line. */
function headline(summary: string): string {
  return summary.trimEnd().split('\n').at(-1)!.trim();
}

/** The bytes of a request as the text that they mostly are. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
