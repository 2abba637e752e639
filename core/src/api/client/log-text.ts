/** The fields of a log line that decide how it is written. */
interface WrittenLine {
  readonly step: string;
  readonly stream: string;
  readonly text: string;
  /** False if the line continues in the next piece, or ended without a newline. */
  readonly newline?: boolean | undefined;
}

/**
 * Returns a function that writes the lines of one log as text, called for each line in order. A line may come in
 * pieces, and from both streams as on a terminal, so a newline is written only where the log has one. A new step and
 * chainr's own messages always begin a new line.
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
