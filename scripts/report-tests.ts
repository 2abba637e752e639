import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';

/**
 * Mocha's own `spec` report, then the names of what was skipped. Where CHAINR_TEST_COUNTS names a
 * file, one line "passed failed skipped" is added to it, from which `make test` makes its last line.
 */
export default class ReportTests extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
    runner.once('end', () => {
      for (const title of skipped) console.log(`  skipped: ${title}`);
      const file = process.env.CHAINR_TEST_COUNTS;
      if (file === undefined) return;
      const { passes, failures, pending } = this.stats;
      appendFileSync(file, `${passes} ${failures} ${pending}\n`);
    });
  }
}
