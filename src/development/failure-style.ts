/** The looks of the page of a traceback, in light and in dark. */
export const FAILURE_STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1f2328, #e6e8eb);
  --quiet: light-dark(#59636e, #9aa4af);
  --page: light-dark(#ffffff, #15181c);
  --panel: light-dark(#f5f6f8, #1d2126);
  --border: light-dark(#d5d9de, #343a42);
  --accent: light-dark(#b42318, #ff8a7a);
  --mark: light-dark(#fde3df, #4a1f1b);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
header { padding: 1.5rem max(1rem, calc((100% - 70rem) / 2)); background: var(--panel);
  border-top: 4px solid var(--accent); border-bottom: 1px solid var(--border); }
main, footer { max-width: 72rem; margin: 0 auto; padding: 1rem; }
.request { margin: 0 0 .25rem; font: .875rem var(--mono); color: var(--quiet); overflow-wrap: anywhere; }
h1, h2 { margin: 0; font-size: 1.5rem; line-height: 1.3; overflow-wrap: anywhere; white-space: pre-wrap; }
h2 { font-size: 1.125rem; margin: 1.5rem 0 .5rem; }
.kind { color: var(--accent); }
.message { font-weight: 500; }
.relation, footer { color: var(--quiet); font-size: .875rem; }
.frames { list-style: none; margin: 1rem 0; padding: 0; }
.frames li { border: 1px solid var(--border); border-radius: 6px; margin-bottom: .5rem; overflow: hidden; }
summary { padding: .4rem .75rem; background: var(--panel); cursor: pointer; font: .8125rem/1.5 var(--mono);
  overflow-wrap: anywhere; }
summary:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.application .file { font-weight: 600; }
.library summary { color: var(--quiet); }
.function::before { content: "in "; color: var(--quiet); }
pre { margin: 0; padding: .5rem 0; overflow-x: auto; font: .8125rem/1.55 var(--mono); tab-size: 4; }
.code, mark { display: inline-block; min-width: 100%; padding-right: 1rem; color: inherit; background: none; }
mark { background: var(--mark); }
.number { display: inline-block; width: 4.5em; padding-right: 1em; margin-right: .5em; text-align: right;
  color: var(--quiet); user-select: none; }
.text { padding: .75rem; background: var(--panel); border: 1px solid var(--border); border-radius: 6px; }
.wide { overflow-x: auto; border: 1px solid var(--border); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font: .8125rem/1.5 var(--mono); }
th, td { padding: .25rem .75rem; text-align: left; vertical-align: top; border-top: 1px solid var(--border); }
tr:first-child > * { border-top: 0; }
th { font-weight: 500; color: var(--quiet); white-space: nowrap; }
td { overflow-wrap: anywhere; }
`;
