import { isoTime } from '@chainr/core/api/field-schemas';
import type { LogLineResource } from '@chainr/core/api/job-resource';
import { ndjson, plainText } from '@chainr/core/api/route-parts';
import { logText } from '@chainr/core/model/log-text';
import type { StoredLine } from '@chainr/core/store/log-store';

export interface LogFormat {
  contentType: string;
  format(lines: readonly StoredLine[]): string;
}

function asText(): LogFormat {
  const write = logText();
  return { contentType: `${plainText}; charset=utf-8`, format: (lines) => lines.map(write).join('') };
}

const asNdjson = (): LogFormat => ({
  contentType: ndjson,
  format: (lines) => lines.map((line) => `${JSON.stringify(presentLine(line))}\n`).join(''),
});

/** Each makes what writes the lines of one answer, from the first to the last. */
export const logFormats = { [plainText]: asText, [ndjson]: asNdjson } as const;

function presentLine({ time, step, stream, text, newline, offset }: StoredLine): LogLineResource {
  return { time: isoTime(time), step, stream, text, ...(newline ? {} : { newline: false }), offset };
}
