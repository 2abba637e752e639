/** One line of the result. */
export interface Row {
  name: string;
  /** What was measured, in words. */
  figure: string;
  /** The value to compare with the target. The target says in which direction. */
  value: number;
  unit: '×' | 'ms' | '/s' | 'bytes' | 'MB' | 'MB/s' | 'lines' | '%';
  target?: { atLeast: number } | { atMost: number };
}

export function printRow({ name, figure, value, unit, target }: Row): void {
  const show = (number: number) => `${number.toFixed(number < 100 ? 2 : 0)} ${unit}`;
  const cells = [name.padEnd(26), figure.padEnd(52), show(value).padStart(11)];
  if (target) {
    const least = 'atLeast' in target;
    const bound = least ? target.atLeast : target.atMost;
    const met = least ? value >= bound : value <= bound;
    cells.push(`${least ? '≥' : '≤'} ${bound}`.padStart(7), met ? 'pass' : 'short');
  }
  console.log(`  ${cells.join('  ')}`);
}

export const median = (values: readonly number[]): number => percentile(values, 50);

/** The value that `percent` of the values do not exceed; NaN if there are none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
