import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PullProgress, PullRefused } from '../../src/docker/start/pull-progress.js';

describe('the progress of a pull', () => {
  it('is in layers and megabytes', () => {
    const progress = new PullProgress('some/image:1');
    expect(progress.sentence).to.equal('The image some/image:1 is being pulled: 0 of 0 layers.');
    for (const id of ['a', 'b', 'c']) progress.take({ id, status: 'Pulling fs layer' });
    expect(progress.sentence).to.contain(': 0 of 3 layers.');
    progress.take({ id: 'a', status: 'Downloading', progressDetail: { current: 1_250_000, total: 5_000_000 } });
    progress.take({ id: 'b', status: 'Already exists' });
    expect(progress.sentence).to.contain(': 1 of 3 layers, 1.3 of 5.0 MB.');
    progress.take({ id: 'a', status: 'Download complete' });
    expect(progress.sentence).to.contain(': 1 of 3 layers, 5.0 of 5.0 MB.');
    progress.take({ id: 'a', status: 'Extracting', progressDetail: { current: 1, total: 9_999_999 } });
    progress.take({ id: 'a', status: 'Pull complete' });
    progress.take({ id: 'c', status: 'Downloading', progressDetail: { current: 45_000_000, total: 95_000_000 } });
    expect(progress.sentence).to.contain(': 2 of 3 layers, 50 of 100 MB.');
  });

  it('does not count lines about the image itself', () => {
    const progress = new PullProgress('image');
    progress.take({ id: 'latest', status: 'Pulling from some/image' });
    progress.take({ status: 'Digest: sha256:0' });
    expect(progress.sentence).to.contain('0 of 0 layers.');
  });

  it('ends with the error of the daemon', () => {
    expect(() => { new PullProgress('image').take({ error: 'no space left' }); }).to.throw(PullRefused, 'no space left'); // prettier-ignore
  });
});
