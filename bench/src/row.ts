/** One line of the result. */
export interface Row {
  name: string;
  /** What was measured, as a person reads it. */
  figure: string;
  /** The figure that is compared; the target says in which direction. */
  ratio: number;
  target?: { atLeast: number } | { atMost: number };
}

export function printRow({ name, figure, ratio, target }: Row): void {
  const cells = [name.padEnd(26), figure.padEnd(44), `${ratio.toFixed(2)} ×`.padStart(8)];
  if (target) {
    const least = 'atLeast' in target;
    const bound = least ? target.atLeast : target.atMost;
    const met = least ? ratio >= bound : ratio <= bound;
    cells.push(`${least ? '≥' : '≤'} ${bound.toFixed(1)}`.padStart(8), met ? 'pass' : 'short');
  }
  console.log(`  ${cells.join('  ')}`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
