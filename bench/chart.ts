/**
 * The chart of docs/benchmarks.md: one panel a case, one bar a stack. Written as SVG text; the colours follow the
 * reader's light or dark page.
 */

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Drawn in the accent colour. */
  readonly isOurs: boolean;
}

const COLUMNS = 2;
const COLUMN_WIDTH = 440;
const MARGIN = 20;
const TITLE_HEIGHT = 34;
const BAR_HEIGHT = 15;
const BAR_STEP = 20;
const LABEL_WIDTH = 140;
const VALUE_WIDTH = 60;

const STYLE = `
    text { font: 12px system-ui, sans-serif; fill: #24292f; }
    .title { font-weight: 600; font-size: 13px; }
    .unit { fill: #6e7781; }
    .ours { fill: #1a7f5a; }
    .peer { fill: #b4bcc5; }
    @media (prefers-color-scheme: dark) {
      text { fill: #d7dde3; }
      .unit { fill: #8b949e; }
      .ours { fill: #35b889; }
      .peer { fill: #57606a; }
    }`;

export function drawChart(panels: readonly Panel[]): string {
  const rows: string[] = [];
  let top = MARGIN;
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    rows.push(...row.map((panel, column) => drawPanel(panel, MARGIN + column * COLUMN_WIDTH, top)));
    top += TITLE_HEIGHT + Math.max(...row.map((panel) => panel.bars.length)) * BAR_STEP + MARGIN;
  }
  const width = COLUMNS * COLUMN_WIDTH + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img">
  <title>Benchmarks</title>
  <style>${STYLE}
  </style>
${rows.join('')}</svg>
`;
}

function drawPanel(panel: Panel, left: number, top: number): string {
  const longest = Math.max(...panel.bars.map((bar) => bar.value));
  const room = COLUMN_WIDTH - MARGIN - LABEL_WIDTH - VALUE_WIDTH;
  const bars = panel.bars.map((bar, index) => {
    const y = TITLE_HEIGHT + index * BAR_STEP;
    const length = longest > 0 ? (bar.value / longest) * room : 0;
    const baseline = y + BAR_HEIGHT - 3.5;
    return `    <text x="${LABEL_WIDTH - 8}" y="${baseline}" text-anchor="end">${escapeText(bar.label)}</text>
    <rect class="${bar.isOurs ? 'ours' : 'peer'}" x="${LABEL_WIDTH}" y="${y}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>
    <text x="${(LABEL_WIDTH + length + 6).toFixed(1)}" y="${baseline}">${formatNumber(bar.value)}</text>
`;
  });
  return `  <g transform="translate(${left} ${top})">
    <text y="14"><tspan class="title">${escapeText(panel.title)}</tspan> <tspan class="unit">${escapeText(panel.unit)}</tspan></text>
${bars.join('')}  </g>
`;
}

/** Three digits that count, thousands with a comma: 12,345 and 1.23. */
export function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
