import { isUtf8 } from 'node:buffer';
import { isoTime } from '@chainr/core/api/contract/field-schemas';
import { ndjson, octetStream, plainText } from '@chainr/core/api/contract/route-parts';
import type { Origin } from '@chainr/core/store/logs/log-format';
import { linesOfRun, nameOf, runsOf, type LogPage, type LogRun } from '@chainr/core/store/logs/log-page';

/** Selects the steps of a log. */
export interface WantedSteps {
  /** The names of all steps and services of the job (`logNames`). */
  names: readonly string[];
  /** The only step to show. */
  only?: string | undefined;
}

/** Formats a log page by page, so that followers of one log share the result. */
export interface LogFormat {
  contentType: string;
  /** How much of the log is formatted at once. Then other requests get their turn. */
  pageBytes: number;
  /** It shows bytes as they are, including incomplete characters. */
  exact: boolean;
  /** Sent to show that the connection is alive, if the format has something without a meaning. */
  heartbeat: string;
  format(page: LogPage, steps: WantedSteps): Buffer;
}

/** Bytes of the log formatted at once as text. */
const textPageBytes = 256 * 1024;
/** Bytes of the log formatted at once as NDJSON, where lines of one byte become a hundred times as long. */
const linesPageBytes = 64 * 1024;

const newline = Buffer.from('\n');

const isWanted = (origin: Origin, { names, only }: WantedSteps): boolean =>
  only === undefined || nameOf(origin, names) === only;

/** As a terminal would show it, except that another step and chainr's own messages begin a new line. */
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

/** Built by hand, since there may be millions of lines: what lines of one millisecond share is built once. */
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
