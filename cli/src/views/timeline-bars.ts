import type { SpanKind } from '@chainr/core/timeline/attempt-spans';
import type { JobTimelineResource } from '@chainr/core/api/contract/timeline-resource';
import { paintAs, type Color } from './paint.js';

/** What one place of a bar shows. */
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

/** Spans that are not drawn: what waits for others is theirs to show, and closing hinders nobody. */
const strokeOf: Readonly<Partial<Record<SpanKind, Stroke>>> = {
  retry: 'waiting',
  queue: 'waiting',
  starting: 'starting',
  working: 'working',
};

/** What a bar is drawn on. */
export interface BarPaper {
  /** Milliseconds since 1970, of the left and of the right end. */
  from: number;
  to: number;
  columns: number;
  unicode: boolean;
  colors: boolean;
}

/** A job's attempts on the line of time of its run; a span that would vanish has one place all the same. */
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

/** What the strokes mean, in one line. */
export function barLegend({ unicode, colors }: Pick<BarPaper, 'unicode' | 'colors'>): string {
  return (Object.keys(inks) as Stroke[]).map((stroke) => `${drawn(stroke, 1, unicode, colors)} ${stroke}`).join('  ');
}

/** Neighbours of one color are painted together: a bar of 100 places needs no 100 codes. */
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
