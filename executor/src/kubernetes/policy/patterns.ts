/** Whether a name fits one of the patterns, in which `*` stands for any text. */
export const matches = (patterns: readonly string[], name: unknown): boolean =>
  typeof name === 'string' && patterns.some((pattern) => fits(pattern, name));

/** Takes time linear in the name for each part between two `*`. */
function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const part of rest) {
    const found = name.indexOf(part, from);
    if (found === -1 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}
