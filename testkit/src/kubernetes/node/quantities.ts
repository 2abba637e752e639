const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity of Kubernetes such as `250m`, `1Gi` or `2e3` as a number; NaN if it is none. */
export function parseQuantity(quantity: string | number): number {
  if (typeof quantity === 'number') return quantity;
  const [, number, unit = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(quantity) ?? [];
  return Number(number) * (factors[unit] ?? NaN);
}

/** A number of some resource as Kubernetes prints it: CPUs below one in thousandths. */
export function formatQuantity(amount: number, resource: string): string {
  if (resource.endsWith('cpu') && !Number.isInteger(amount)) return `${Math.round(amount * 1_000)}m`;
  for (const unit of resource.endsWith('memory') ? ['Gi', 'Mi', 'Ki'] : []) {
    const count = amount / (factors[unit] ?? 1);
    if (count >= 1 && Number.isInteger(count)) return `${count}${unit}`;
  }
  return String(amount);
}
