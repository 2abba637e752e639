import type { SpanKind } from '@chainr/core/timeline/attempt-spans';
import type { JobTimelineResource } from '@chainr/core/api/contract/timeline-resource';
import { paintAs, type Color } from './paint.js';

/** The meaning of one column of a bar. */
type Stroke = 'waiting' | 'starting' | 'working' | 'failed';

interface Ink {
  unicode: string;
  ascii: string;
  color: Color;
}

const inks: Readonly<Record<Stroke, Ink>> = {
  waiting: { unicode: '░', ascii: '.', color: 'dim' },
  starting: { unicode: '▒', ascii: '-', color: 'cyan' },
  working: { unicode: '█', ascii: '=', color: 'green' },
  failed: { unicode: '█', ascii: 'x', color: 'red' },
};

/** Other spans are not drawn: a wait for dependencies is visible in their bars, and closing delays nothing. */
const strokeOf: Readonly<Partial<Record<SpanKind, Stroke>>> = {
  retry: 'waiting',
  queue: 'waiting',
  starting: 'starting',
  working: 'working',
};

/** Range and size of the bars. */
export interface BarPaper {
  /** Left and right end, in milliseconds since 1970. */
  from: number;
  to: number;
  columns: number;
  unicode: boolean;
  colors: boolean;
}

/** Draws the attempts of a job on the time line of its run. Even the shortest span has one column. */
export function drawBar({ attempts }: JobTimelineResource, paper: BarPaper): string {
  const cells = new Array<Stroke | undefined>(paper.columns).fill(undefined);
  const place = (time: number): number =>
    Math.min(1, Math.max(0, (time - paper.from) / Math.max(1, paper.to - paper.from))) * paper.columns;
  for (const { status, spans } of attempts) {
    for (const { kind, from, to } of spans) {
      const stroke = strokeOf[kind];
      if (!stroke) continue;
      const first = Math.min(paper.columns - 1, Math.floor(place(Date.parse(from))));
      const end = Math.max(first + 1, Math.round(place(to === undefined ? paper.to : Date.parse(to))));
      const failed = stroke === 'working' && status === 'FAILED';
      cells.fill(failed ? 'failed' : stroke, first, end);
    }
  }
  return paintCells(cells, paper);
}

/** The legend of the bars, in one line. */
export function barLegend({ unicode, colors }: Pick<BarPaper, 'unicode' | 'colors'>): string {
  return (Object.keys(inks) as Stroke[]).map((stroke) => `${drawn(stroke, 1, unicode, colors)} ${stroke}`).join('  ');
}

/** Neighbors of one color share their color codes. */
function paintCells(cells: readonly (Stroke | undefined)[], { unicode, colors }: BarPaper): string {
  let bar = '';
  for (let at = 0; at < cells.length;) {
    const stroke = cells[at];
    let end = at + 1;
    while (end < cells.length && cells[end] === stroke) end += 1;
    bar += stroke ? drawn(stroke, end - at, unicode, colors) : ' '.repeat(end - at);
    at = end;
  }
  return bar.trimEnd();
}

function drawn(stroke: Stroke, length: number, unicode: boolean, colors: boolean): string {
  const { unicode: mark, ascii, color } = inks[stroke];
  return paintAs(color, (unicode ? mark : ascii).repeat(length), colors);
}
