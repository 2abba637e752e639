/** What of a line of a log decides how it is written. */
interface WrittenLine {
  readonly step: string;
  readonly stream: string;
  readonly text: string;
  /** False: it goes on, or ended without one. */
  readonly newline?: boolean | undefined;
}

/**
 * Makes what writes the lines of one log as text, from the first to the last: a newline only where there was one, for a
 * line may come in pieces, from both streams as on a terminal; but what another step or chainr itself writes begins a
 * line.
 */
export function logText(): (line: WrittenLine) => string {
  let last: WrittenLine | undefined;
  return (line) => {
    const isOther = last?.step !== line.step || last.stream === 'system' || line.stream === 'system';
    const begins = last?.newline === false && isOther;
    last = line;
    return `${begins ? '\n' : ''}${line.text}${line.newline === false ? '' : '\n'}`;
  };
}
