import { isoTime } from '@chainr/core/api/field-schemas';
import type { LogLineResource } from '@chainr/core/api/job-resource';
import { ndjson, plainText } from '@chainr/core/api/route-parts';
import type { StoredLine } from '@chainr/core/store/log-store';

export interface LogFormat {
  contentType: string;
  format(lines: readonly StoredLine[]): string;
}

/** As it was written: a newline only where there was one. */
const asText: LogFormat = {
  contentType: `${plainText}; charset=utf-8`,
  format: (lines) => lines.map((line) => (line.newline ? `${line.text}\n` : line.text)).join(''),
};

const asNdjson: LogFormat = {
  contentType: ndjson,
  format: (lines) => lines.map((line) => `${JSON.stringify(presentLine(line))}\n`).join(''),
};

export const logFormats = { [plainText]: asText, [ndjson]: asNdjson } as const;

function presentLine({ time, step, stream, text, newline, offset }: StoredLine): LogLineResource {
  return { time: isoTime(time), step, stream, text, ...(newline ? {} : { newline: false }), offset };
}
