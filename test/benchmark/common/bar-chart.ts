/** Bars of one scale below a title. */
export interface Panel {
  title: string;
  bars: readonly Bar[];
}

export interface Bar {
  label: string;
  value: number;

  /** What stands beside the bar. */
  text: string;

  /** Drawn in the colour that stands out. */
  ours: boolean;
}

const width = 760;
const labelWidth = 260;
const textWidth = 120;
const padding = 16;
const barHeight = 18;
const barEvery = 24;
const titleHeight = 28;
const panelGap = 14;
const leastBar = 1;

/** The colours of GitHub in light and in dark mode. librsvg and older browsers know no variables in CSS: each is written out. */
const style = `
  text { font: 12px -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .background { fill: #ffffff; }
  .bar { fill: #afb8c1; }
  .ours { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .background { fill: #0d1117; }
    .bar { fill: #57606a; }
    .ours { fill: #3fb950; }
  }
`;

/** An SVG with a panel below the other. @param title what it shows, for those who do not see it */
export function drawBars(title: string, panels: readonly Panel[]): string {
  let y = padding;
  const drawn = panels.map((panel) => {
    const top = y;
    y += heightOf(panel) + panelGap;
    return drawPanel(panel, top);
  });
  const height = y - panelGap + padding;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escape(title)}</title>
<style>${style}</style>
<rect class="background" width="${width}" height="${height}" rx="6"/>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, bars }: Panel, top: number): string {
  const scale = (width - labelWidth - textWidth - padding) / Math.max(...bars.map(({ value }) => value));
  const lines = bars.map((bar, at) => drawBar(bar, top + titleHeight + at * barEvery, scale));
  return [`<text class="title" x="${padding}" y="${top + barHeight - 4}">${escape(title)}</text>`, ...lines].join('\n');
}

function drawBar({ label, value, text, ours }: Bar, top: number, scale: number): string {
  const length = round(Math.max(leastBar, value * scale));
  const base = top + barHeight - 5;
  return [
    `<text x="${labelWidth - 8}" y="${base}" text-anchor="end">${escape(label)}</text>`,
    `<rect class="bar${ours ? ' ours' : ''}" x="${labelWidth}" y="${top}" width="${length}" height="${barHeight}" rx="2"/>`,
    `<text x="${round(labelWidth + length + 6)}" y="${base}">${escape(text)}</text>`,
  ].join('\n');
}

function heightOf({ bars }: Panel): number {
  return titleHeight + bars.length * barEvery;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
