/** What of a line of a log decides how it is written. */
interface WrittenLine {
  readonly step: string;
  readonly stream: string;
  readonly text: string;
  /** False: it ended without one. */
  readonly newline?: boolean | undefined;
}

/**
 * Makes what writes the lines of one log as text, from the first to the last: a newline only where there was one, for a
 * long line comes in parts; but what another step or stream writes begins a line.
 */
export function logText(): (line: WrittenLine) => string {
  let last: WrittenLine | undefined;
  return (line) => {
    const isOther = last?.newline === false && (last.step !== line.step || last.stream !== line.stream);
    last = line;
    return `${isOther ? '\n' : ''}${line.text}${line.newline === false ? '' : '\n'}`;
  };
}
