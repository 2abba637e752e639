/** For each node, the indexes of the nodes that it points to. */
export type Graph = readonly (readonly number[])[];

/** Reverses the edges. Costs O(nodes + edges), as everything here. */
export function reverseEdges(graph: Graph): number[][] {
  const reversed = graph.map((): number[] => []);
  for (const [node, targets] of graph.entries()) for (const target of targets) reversed[target]?.push(node);
  return reversed;
}

/** All nodes of an acyclic graph, each before those that it points to. */
export function topologicalOrder(graph: Graph): number[] {
  const missing = reverseEdges(graph).map(({ length }) => length);
  const order = missing.flatMap((count, node) => (count === 0 ? [node] : []));
  // The list grows during the loop.
  for (const node of order) {
    for (const target of graph[node] ?? []) {
      const left = (missing[target] ?? 0) - 1;
      missing[target] = left;
      if (left === 0) order.push(target);
    }
  }
  return order;
}
