/**
 * The value of a metric in the text format of Prometheus, of the first series that has these labels, whatever others it
 * has; undefined if there is none.
 */
export function metricValue(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  for (const line of text.split('\n')) {
    const [, series, given = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    const pairs: string[] = given.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [];
    if (series === name && wanted.every((pair) => pairs.includes(pair))) return Number(value);
  }
  return undefined;
}
