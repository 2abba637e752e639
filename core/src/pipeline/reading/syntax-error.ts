/** The text is not JSON or YAML, or is larger than chainr reads. The message names the place. */
export class PipelineSyntaxError extends Error {
  override readonly name = 'PipelineSyntaxError';
  /** From 1. Both are absent if there is no single place. */
  readonly line?: number;
  /** From 1, in UTF-16 units. */
  readonly column?: number;

  constructor(message: string, place?: { text: string; offset: number }) {
    const at = place && locate(place.text, place.offset);
    super(at ? `${message} (line ${String(at.line)}, column ${String(at.column)})` : message);
    if (!at) return;
    this.line = at.line;
    this.column = at.column;
  }
}

function locate(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < offset; end = text.indexOf('\n', start)) {
    line += 1;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}
