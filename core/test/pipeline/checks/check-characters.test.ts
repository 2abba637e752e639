import { expect } from 'chai';
import fc from 'fast-check';
import { accepted, refusedWith, written } from '../build-pipeline.js';

const controls = ['\u0001', '\b', '\u001b', '\u007f', '\u0085', '\u009f'];

describe('control characters in a pipeline', () => {
  for (const control of controls) {
    const shown = JSON.stringify(control);
    it(`are refused in images, of jobs and of steps: ${shown}`, () => {
      const image = `busy${control}box`;
      const mistake = 'must be the name of an image, without control characters';
      expect(refusedWith(written({ a: { image } }))).to.deep.equal([`jobs.a.image: ${mistake}`]);
      expect(refusedWith(written({ a: { run: undefined, steps: [{ name: 's', image, run: 'x' }] } }))).to.deep.equal([
        `jobs.a.steps[0].image: ${mistake}`,
      ]);
    });

    it(`are refused in a workdir: ${shown}`, () => {
      expect(refusedWith(written({ a: { workdir: `/srv/${control}` } }))).to.deep.equal([
        'jobs.a.workdir: must be a path without control characters',
      ]);
    });

    it(`are accepted in scripts, arguments and variables, where programs may need them: ${shown}`, () => {
      accepted(written({ a: { run: `printf '${control}'`, env: { A: control } } }));
      accepted(written({ a: { run: undefined, command: ['printf', control], args: [control] } }));
    });
  }

  it('are refused in every other text', () => {
    const places: Record<string, (bad: string) => object> = {
      'metadata.name': (bad) => written({ a: {} }, { metadata: { name: `n${bad}` } }),
      'metadata.labels': (bad) => written({ a: {} }, { metadata: { labels: { [`k${bad}`]: 'v' } } }),
      'metadata.labels.k': (bad) => written({ a: {} }, { metadata: { labels: { k: `v${bad}` } } }),
      'jobs.a.user': (bad) => written({ a: { user: `u${bad}` } }),
      'jobs.a.network': (bad) => written({ a: { network: `n${bad}` } }),
      'jobs.a.timeout': (bad) => written({ a: { timeout: `1s${bad}` } }),
      'jobs.a.resources.limits.cpu': (bad) => written({ a: { resources: { limits: { cpu: `1${bad}` } } } }),
      'jobs.a.env.A.secret': (bad) => written({ a: { env: { A: { secret: `s${bad}` } } } }),
      'jobs.a.dependsOn[0]': (bad) => written({ a: { dependsOn: [`b${bad}`] }, b: {} }),
    };
    const control = fc.integer({ min: 1, max: 0x9f }).map((code) => String.fromCharCode(code));
    const isControl = (text: string): boolean => /\p{Cc}/u.test(text);
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(places)), control.filter(isControl), (place, bad) => {
        const found = refusedWith(places[place]?.(bad));
        expect(found).to.have.length(1);
        expect(found[0]?.startsWith(place)).to.equal(true);
      }),
    );
  });
});
