import { isUtf8 } from 'node:buffer';
import { isoTime } from '@chainr/core/api/contract/field-schemas';
import { ndjson, octetStream, plainText } from '@chainr/core/api/contract/route-parts';
import type { Origin } from '@chainr/core/store/logs/log-format';
import { linesOfRun, nameOf, runsOf, type LogPage, type LogRun } from '@chainr/core/store/logs/log-page';

/** Of which steps a log is read. */
export interface WantedSteps {
  /** The names of all steps of the job. */
  names: readonly string[];
  /** The only one that is wanted. */
  only?: string | undefined;
}

/** How a log is written; each page by itself, so that those who follow a log together share what is written. */
export interface LogFormat {
  contentType: string;
  /** How much of the log is written at once: other requests have their turn after it. */
  pageBytes: number;
  /** It shows bytes as they are, halves of characters too. */
  exact: boolean;
  /** What tells a follower that all is well, where the format has something that means nothing. */
  heartbeat: string;
  format(page: LogPage, steps: WantedSteps): Buffer;
}

/** How much of a log is written at once as it is. */
const textPageBytes = 256 * 1024;
/** And as NDJSON, where lines of a byte become a hundred times as long. */
const linesPageBytes = 64 * 1024;

const newline = Buffer.from('\n');

const isWanted = (origin: Origin, { names, only }: WantedSteps): boolean =>
  only === undefined || nameOf(origin, names) === only;

/** As a terminal would show it, but that what another step or chainr itself writes begins a line. */
export const asText: LogFormat = {
  contentType: `${plainText}; charset=utf-8`,
  pageBytes: textPageBytes,
  exact: false,
  heartbeat: '',
  format(page, steps) {
    const parts: Buffer[] = [];
    let last = page.within && isWanted(page.within, steps) ? page.within : undefined;
    for (const run of runsOf(page)) {
      if (!isWanted(run, steps)) continue;
      if (last && (last.step !== run.step || last.stream === 'system' || run.stream === 'system')) parts.push(newline);
      parts.push(run.bytes);
      last = run.bytes.at(-1) === newline[0] ? undefined : run;
    }
    const bytes = joined(parts);
    return isUtf8(bytes) ? bytes : Buffer.from(bytes.toString());
  },
};

/** Exactly what the job wrote, and nothing of chainr. */
export const asRaw: LogFormat = {
  contentType: octetStream,
  pageBytes: textPageBytes,
  exact: true,
  heartbeat: '',
  format(page, steps) {
    const wanted = runsOf(page).filter((run) => run.stream !== 'system' && isWanted(run, steps));
    return joined(wanted.map(({ bytes }) => bytes));
  },
};

export const asNdjson: LogFormat = {
  contentType: ndjson,
  pageBytes: linesPageBytes,
  exact: false,
  heartbeat: '\n',
  format(page, steps) {
    const wanted = runsOf(page).filter((run) => isWanted(run, steps));
    return Buffer.from(wanted.map((run) => linesAsJson(run, nameOf(run, steps.names))).join(''));
  },
};

/** By hand, since there may be millions of them: what lines of one millisecond share is written once. */
function linesAsJson(run: LogRun, step: string): string {
  let text = '';
  let time: number | undefined;
  let head = '';
  for (const line of linesOfRun(run, step)) {
    if (line.time !== time) {
      time = line.time;
      head = `{"time":"${isoTime(time)}","step":${JSON.stringify(step)},"stream":"${run.stream}","text":`;
    }
    const goesOn = line.newline ? '' : ',"newline":false';
    text += `${head}${JSON.stringify(line.text)}${goesOn},"offset":${String(line.offset)},"nextOffset":${String(line.nextOffset)}}\n`;
  }
  return text;
}

const joined = (parts: readonly Buffer[]): Buffer => (parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts));
