import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { CoordinatorMetrics } from '../../coordinator/metrics/metrics.js';
import { WorkerMetrics } from '../../worker/metrics.js';
import { packageRoot } from '../../proto/package-root.js';

const page = readFileSync(join(packageRoot(), 'docs', 'metrics.md'), 'utf8');

interface Instrument {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** The table's row of each metric of our own, as the page must hold it. */
function rows(instruments: readonly Instrument[]): string[] {
  return instruments.filter(({ name }) => name.startsWith('trawl_')).map(({ name, type, labelNames, help }) => `| \`${name}\` | ${type} | ${labelNames.map((label) => `\`${label}\``).join(', ')} | ${help} |`);
}

function listed(heading: string): string[] {
  const from = page.indexOf(`## ${heading}`);
  const to = page.indexOf('\n## ', from + 1);
  return page.slice(from, to < 0 ? page.length : to).split('\n').filter((line) => line.startsWith('| `trawl_'));
}

for (const [heading, Metrics] of [['A coordinator', CoordinatorMetrics], ['A worker', WorkerMetrics]] as const) {
  it(`docs/metrics.md lists exactly what ${heading.toLowerCase()} tells, with type, labels and meaning`, () => {
    const instruments = new Metrics().registry.getMetricsAsArray() as unknown as Instrument[];
    assert.deepEqual(listed(heading).toSorted(), rows(instruments).toSorted());
    assert.ok(instruments.some(({ name }) => name === 'process_cpu_seconds_total'), 'it tells of its process too');
  });

  it(`what ${heading.toLowerCase()} tells is named as Prometheus has it: counters end in _total, sizes in _bytes, durations in _seconds`, () => {
    for (const { name, type, labelNames } of new Metrics().registry.getMetricsAsArray() as unknown as Instrument[]) {
      if (!name.startsWith('trawl_')) continue;
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.match(name, /^trawl_[a-z_]+$/);
      for (const label of labelNames) assert.ok(!['sweep', 'trial', 'attempt', 'id'].includes(label), `${name} has the label ${label}`);
    }
  });
}
