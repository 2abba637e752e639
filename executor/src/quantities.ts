/** The suffixes of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const factors: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
}; // prettier-ignore

/** The number of a quantity; NaN for everything else. */
export function amountOf(quantity: unknown): number {
  if (typeof quantity === 'number') return quantity;
  if (typeof quantity !== 'string') return Number.NaN;
  const match = /^(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)([A-Za-z]*)$/.exec(quantity);
  return Number(match?.[1]) * (factors[match?.[2] ?? ''] ?? Number.NaN);
}

/** Rounds up, but ignores the rounding error of fractions: 1e-7 × 1e9 is 100.00000000000001. */
const wholeAtLeast = (value: number): number => Math.ceil(Number(value.toPrecision(15)));

/** Docker requires whole bytes. Its minimum is 6 MiB, which its own message says. */
export const memoryBytes = (quantity: string): number => wholeAtLeast(amountOf(quantity));

export const nanoCpus = (quantity: string): number => wholeAtLeast(amountOf(quantity) * 1e9);
