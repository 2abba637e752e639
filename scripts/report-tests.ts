import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

/**
 * Mocha's `spec` report, with the names of skipped tests before the failures, so that these come last. If
 * CHAINR_TEST_COUNTS names a file, appends the line "passed failed skipped" to it, from which `make test` prints its
 * last line.
 */
export default class ReportTests extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
    runner.prependOnceListener('end', () => {
      for (const title of skipped) console.log(`  skipped: ${title}`);
      const file = process.env.CHAINR_TEST_COUNTS;
      if (file === undefined) return;
      const { passes, failures, pending } = this.stats;
      appendFileSync(file, `${passes} ${failures} ${pending}\n`);
    });
  }
}
