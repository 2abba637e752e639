import type { Graph } from '../graph.js';

/**
 * One cycle for each strongly connected component: the shortest through its first node, as a list that begins with that
 * node and does not repeat it. Self-edges do not count. Costs O(nodes + edges), without recursion.
 */
export function findCycles(graph: Graph): number[][] {
  const component = componentsOf(graph);
  const seen = new Set<number>();
  const cycles: number[][] = [];
  for (const [node, own] of component.entries()) {
    if (seen.has(own)) continue;
    seen.add(own);
    const cycle = shortestCycle(graph, component, node);
    if (cycle) cycles.push(cycle);
  }
  return cycles;
}

/** Breadth-first search from `start` within its component, until it returns to `start`. */
function shortestCycle(graph: Graph, component: readonly number[], start: number): number[] | undefined {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph[node] ?? []) {
      if (next === node || component[next] !== component[start]) continue;
      if (next === start) return pathTo(node, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(end: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const path = [];
  for (let node: number | undefined = end; node !== undefined; node = cameFrom.get(node)) path.push(node);
  return path.reverse();
}

/** Tarjan's algorithm with an explicit stack: the component number of each node. */
function componentsOf(graph: Graph): number[] {
  const order = graph.map(() => -1);
  const low = graph.map(() => 0);
  const component = graph.map(() => -1);
  const open: number[] = [];
  let visited = 0;
  let components = 0;

  const at = (list: readonly number[], node: number): number => list[node] ?? 0;
  const enter = (node: number): { node: number; next: number } => {
    order[node] = low[node] = visited++;
    open.push(node);
    return { node, next: 0 };
  };
  const close = (root: number): void => {
    let node: number | undefined;
    do {
      node = open.pop();
      if (node !== undefined) component[node] = components;
    } while (node !== undefined && node !== root);
    components += 1;
  };

  for (const root of graph.keys()) {
    if (order[root] !== -1) continue;
    const calls = [enter(root)];
    for (let call = calls.at(-1); call; call = calls.at(-1)) {
      const { node } = call;
      const next = graph[node]?.[call.next++];
      if (next === undefined) {
        calls.pop();
        if (low[node] === order[node]) close(node);
        const caller = calls.at(-1)?.node;
        if (caller !== undefined) low[caller] = Math.min(at(low, caller), at(low, node));
      } else if (order[next] === -1) {
        calls.push(enter(next));
      } else if (component[next] === -1) {
        low[node] = Math.min(at(low, node), at(order, next));
      }
    }
  }
  return component;
}
