const sentences: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you may not read it',
  ENOSPC: 'there is no room left',
};

/** Why a file cannot be read: the end of a sentence, without its point. */
export function whyUnreadable(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return sentences[code] ?? message;
}
