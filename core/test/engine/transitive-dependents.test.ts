import { expect } from 'chai';
import { dependenciesOf, pipelineOf } from '@chainr/testkit/builders';
import { dependenciesFirst, transitiveDependents } from '../../src/engine/transitive-dependents.js';

describe('the jobs that wait for a job', () => {
  // The pipeline lists dependents first, so the order of indexes is not an order of the graph.
  const pipeline = pipelineOf({ d: ['b', 'c'], c: ['a'], b: ['a'], a: [], lone: [] });
  const dependencies = dependenciesOf(pipeline);
  const names = (indexes: readonly number[]) => indexes.map((index) => pipeline.jobs[index]?.name);

  it('are found over any number of edges, dependencies before dependents', () => {
    const found = names(transitiveDependents(dependencies, [3]));
    expect(found).to.have.members(['b', 'c', 'd']);
    expect(found.at(-1)).to.equal('d');
    expect(names(transitiveDependents(dependencies, [1]))).to.deep.equal(['d']);
    expect(transitiveDependents(dependencies, [0])).to.deep.equal([]);
    expect(transitiveDependents(dependencies, [4])).to.deep.equal([]);
  });

  it('do not include the given jobs, even if these depend on one another', () => {
    expect(names(transitiveDependents(dependencies, [3, 2]))).to.have.members(['c', 'd']);
  });

  it('are in an order in which each comes after its dependencies', () => {
    const order = dependenciesFirst(dependencies);
    expect(order).to.have.members([0, 1, 2, 3, 4]);
    dependencies.forEach((edges, index) => {
      for (const edge of edges) expect(order.indexOf(edge.index)).to.be.lessThan(order.indexOf(index));
    });
  });
});
