import { isoTime } from '@chainr/core/api/field-schemas';
import type { LogLineResource } from '@chainr/core/api/job-resource';
import { ndjson, plainText } from '@chainr/core/api/route-parts';
import type { StoredLine } from '@chainr/core/store/log-store';

export interface LogFormat {
  contentType: string;
  format(lines: readonly StoredLine[]): string;
}

/**
 * As it was written: a newline only where there was one, for a long line comes in parts; but what another step or
 * stream writes begins a line.
 */
function asText(): LogFormat {
  let last: StoredLine | undefined;
  const write = (line: StoredLine): string => {
    const before = last && continuesOther(last, line) ? '\n' : '';
    last = line;
    return `${before}${line.text}${line.newline ? '\n' : ''}`;
  };
  return { contentType: `${plainText}; charset=utf-8`, format: (lines) => lines.map(write).join('') };
}

const continuesOther = (last: StoredLine, { step, stream }: StoredLine): boolean =>
  !last.newline && (last.step !== step || last.stream !== stream);

const asNdjson = (): LogFormat => ({
  contentType: ndjson,
  format: (lines) => lines.map((line) => `${JSON.stringify(presentLine(line))}\n`).join(''),
});

/** Each makes what writes the lines of one answer, from the first to the last. */
export const logFormats = { [plainText]: asText, [ndjson]: asNdjson } as const;

function presentLine({ time, step, stream, text, newline, offset }: StoredLine): LogLineResource {
  return { time: isoTime(time), step, stream, text, ...(newline ? {} : { newline: false }), offset };
}
