import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { metricTable, type MetricDefinition } from '../../core/src/service/metric-table.js';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}

interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
}

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { groups } = parse(read('deploy/observability/alerts.yaml')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read('deploy/observability/dashboard.json')) as Dashboard;
const queries = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr }))),
];

/** Those that Prometheus adds, that every metric of a service has, and the buckets of histograms. */
const everywhere = ['instance', 'service', 'le'];
const definitions = new Map(Object.values<MetricDefinition>(metricTable).map((each) => [each.name, each]));

/** The definition of a metric in a query; the parts of a histogram have names of their own. */
function definitionOf(name: string): MetricDefinition | undefined {
  const whole = definitions.get(name);
  if (whole) return whole.kind === 'histogram' ? undefined : whole;
  const histogram = definitions.get(name.replace(/_(bucket|count|sum)$/, ''));
  return histogram?.kind === 'histogram' ? histogram : undefined;
}

describe('the dashboard and the alerts', () => {
  it('name only metrics that exist', () => {
    const named = queries.flatMap(({ where, expr }) =>
      [...expr.matchAll(/\bchainr_\w+/g)].map(([name]) => ({ where, name })),
    );
    expect(named).to.have.length.greaterThan(40);
    expect(named.filter(({ name }) => !definitionOf(name))).to.deep.equal([]);
  });

  it('name only metrics of chainr, of its processes and of Node', () => {
    const words = queries.flatMap(({ expr }) => expr.replace(/"[^"]*"/g, '').match(/\b[a-z]+_[a-z_]+\b/g) ?? []);
    const foreign = words.filter((word) => !/^(chainr|nodejs|process)_|^histogram_quantile$|^__/.test(word));
    expect(foreign).to.deep.equal([]);
  });

  it('select and group only by labels that the metrics have', () => {
    for (const { where, expr } of queries) {
      for (const [, name = '', selector = ''] of expr.matchAll(/\b(chainr_\w+)\{([^}]*)\}/g)) {
        const labels = [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
        expect([...(definitionOf(name)?.labels ?? []), ...everywhere], where).to.include.members(labels);
      }
      const known = [...expr.matchAll(/\bchainr_\w+/g)].flatMap(([name]) => definitionOf(name)?.labels ?? []);
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/\s*,\s*/));
      expect([...known, ...everywhere], where).to.include.members(grouped);
    }
  });

  it('show every metric at least once', () => {
    const shown = new Set(queries.flatMap(({ expr }) => expr.match(/\bchainr_\w+/g) ?? []).map(definitionOf));
    expect([...definitions.values()].filter((each) => !shown.has(each)).map(({ name }) => name)).to.deep.equal([]);
  });

  it('never add up what each replica reports of the same state', () => {
    const shared = [...definitions.values()].filter(({ doc }) => doc.includes('use `max`')).map(({ name }) => name);
    expect(shared).to.have.length.greaterThan(5);
    for (const { where, expr } of queries) {
      for (const name of shared) {
        const uses = expr.split(new RegExp(`\\b${name}\\b`)).slice(0, -1);
        for (const before of uses)
          expect(before, `${where}: ${name}`).to.match(/(max( by \([^)]*\))? \(?|max\(|absent\()(rate\()?$/);
      }
    }
  });

  it('say of each alert how bad it is, and where to read what to do', () => {
    const runbook = read('docs/operations.md');
    const headings = [...runbook.matchAll(/^### (\S+)$/gm)].map(([, name = '']) => name);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).to.match(/^Chainr[A-Z]\w+$/);
      expect(['critical', 'warning']).to.include(labels.severity);
      for (const text of [annotations.summary, annotations.description]) expect(text).to.match(/\.$/);
      expect(annotations.runbook_url).to.equal(`docs/operations.md#${alert.toLowerCase()}`);
    }
    expect(headings).to.include.members(rules.map(({ alert }) => alert));
    const described = headings.filter((name) => name.startsWith('Chainr'));
    expect(described, 'no section is left of an alert that is gone').to.deep.equal(rules.map(({ alert }) => alert));
  });

  it('read whole dashboards: every panel has a query, and no two the same place', () => {
    const placed = panels as unknown as { id: number; type: string; gridPos: { x: number; y: number; w: number } }[];
    expect(new Set(placed.map(({ id }) => id)).size).to.equal(placed.length);
    expect(new Set(placed.map(({ gridPos: { x, y } }) => `${String(x)} ${String(y)}`)).size).to.equal(placed.length);
    for (const { gridPos } of placed) expect(gridPos.x + gridPos.w).to.be.at.most(24);
    for (const { type, title, targets } of panels as ((typeof panels)[number] & { type: string })[])
      expect(type === 'row' || (targets ?? []).length > 0, title).to.equal(true);
  });
});
