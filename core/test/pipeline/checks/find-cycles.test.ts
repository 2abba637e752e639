import { expect } from 'chai';
import fc from 'fast-check';
import { findCycles } from '../../../src/pipeline/checks/find-cycles.js';
import type { Graph } from '../../../src/pipeline/graph.js';

/** For each node, the nodes that it reaches over at least one edge: edges are followed until nothing new is found. */
function reachable(graph: Graph): boolean[][] {
  const reach = graph.map((next) => graph.map((_, node) => next.includes(node)));
  for (const middle of graph.keys())
    for (const from of graph.keys())
      for (const to of graph.keys()) if (reach[from]?.[middle] && reach[middle]?.[to]) reach[from][to] = true;
  return reach;
}

const graphs: fc.Arbitrary<number[][]> = fc
  .integer({ min: 1, max: 9 })
  .chain((size) =>
    fc.array(fc.array(fc.integer({ min: 0, max: size - 1 }), { maxLength: 3 }), { minLength: size, maxLength: size }),
  );

describe('finding cycles', () => {
  it('names one real cycle for each set of nodes that reach each other, and none if there is none', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const reach = reachable(graph);
        const together = (a: number, b: number): boolean => a !== b && reach[a]?.[b] === true && reach[b]?.[a] === true;
        const firsts = [...graph.keys()].filter((node) => {
          const others = [...graph.keys()].filter((other) => together(node, other));
          return others.length > 0 && others.every((other) => other > node);
        });
        const cycles = findCycles(graph);
        expect(cycles.map(([first]) => first)).to.deep.equal(firsts);
        for (const cycle of cycles) {
          expect(new Set(cycle)).to.have.property('size', cycle.length);
          cycle.forEach((node, at) => expect(graph[node]).to.include(cycle[(at + 1) % cycle.length]));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds nothing in nothing', () => {
    expect(findCycles([])).to.deep.equal([]);
  });

  it('follows a chain of a million without overflowing', () => {
    const chain = Array.from({ length: 1_000_000 }, (_, node) => (node === 0 ? [] : [node - 1]));
    expect(findCycles(chain)).to.deep.equal([]);
  });
});
