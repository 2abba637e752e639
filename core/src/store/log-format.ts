import type { LogLine } from '../model/records.js';

/**
 * How a line of a log is stored, and therefore what offsets count:
 *
 *     TIME FLAG STEP TEXT newline
 *
 * TIME is in milliseconds, base 36; FLAG is `o` (stdout), `e` (stderr) or `s` (system), in upper
 * case when the line has no newline of its own; STEP is `-` for the only step of a job without
 * steps.
 */
const flags = { stdout: 'o', stderr: 'e', system: 's' } as const;
const streams = new Map(Object.entries(flags).map(([stream, flag]) => [flag as string, stream as LogLine['stream']]));
const onlyStep = 'main';

export function formatLogLine({ time, step, stream, text, newline }: LogLine): string {
  const flag = newline ? flags[stream] : flags[stream].toUpperCase();
  return `${time.toString(36)} ${flag} ${step === onlyStep ? '-' : step} ${text}\n`;
}

/** `line` without its last newline. */
export function parseLogLine(line: string): LogLine {
  const [time = '', flag = '', step = ''] = line.split(' ', 3);
  const lower = flag.toLowerCase();
  return {
    time: parseInt(time, 36),
    step: step === '-' ? onlyStep : step,
    stream: streams.get(lower) ?? 'system',
    text: line.slice(time.length + flag.length + step.length + 3),
    newline: flag === lower,
  };
}
