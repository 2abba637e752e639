/** A word for a POSIX shell that stands for exactly this text: within single quotes nothing is special but the quote. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
