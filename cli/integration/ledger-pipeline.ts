import path from 'node:path';

/** The records that the jobs of a test write. */
export const ledgerOf = (home: string): string => path.join(home, 'ledger');

export const lineOf = (job: string, number: number): string => `line ${String(number)} of ${job}`;

/** Ten independent jobs. Each writes `lines` numbered lines, one every tenth of a second. */
export function tenJobs(home: string, lines: number, before = ''): object {
  const run = `${before}
echo "$CHAINR_JOB $CHAINR_ATTEMPT" >> "$LEDGER"
number=0
while [ $number -lt ${String(lines)} ]; do
  echo "line $number of $CHAINR_JOB"
  number=$((number + 1))
  sleep 0.1
done`;
  const jobs = Array.from({ length: 10 }, (_, at) => [`job-${String(at)}`, { image: 'busybox', run }] as const);
  return { kind: 'Pipeline', env: { LEDGER: ledgerOf(home) }, jobs: Object.fromEntries(jobs) };
}
