import { isoTime } from '@chainr/core/api/field-schemas';
import type { LogLineResource } from '@chainr/core/api/job-resource';
import { ndjson, plainText } from '@chainr/core/api/route-parts';
import type { StoredLine } from '@chainr/core/store/log-store';

export interface LogFormat {
  contentType: string;
  format(lines: readonly StoredLine[]): string;
}

/** As it was written: at the end a newline only where there was one; what another step or stream writes begins a line. */
function asText(): LogFormat {
  let isOpen = false;
  const write = ({ text, newline }: StoredLine): string => {
    const before = isOpen ? '\n' : '';
    isOpen = !newline;
    return `${before}${text}${newline ? '\n' : ''}`;
  };
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
