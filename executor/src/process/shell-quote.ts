/** Quotes a text as one word for a POSIX shell: within single quotes only the quote is special. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
