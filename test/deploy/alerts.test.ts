import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { parse } from 'yaml';
import { CoordinatorMetrics } from '../../coordinator/metrics/metrics.js';
import { packageRoot } from '../../proto/package-root.js';

const folder = join(packageRoot(), 'deploy', 'prometheus');

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

interface RuleTests {
  readonly tests: readonly { readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[] }[];
}

const { groups } = parse(readFileSync(join(folder, 'trawl-alerts.yaml'), 'utf8')) as Rules;
const rules = groups.flatMap((group) => group.rules);
const { tests } = parse(readFileSync(join(folder, 'trawl-alerts.test.yaml'), 'utf8')) as RuleTests;

it('alerts name metrics that a coordinator tells', () => {
  const told = new Set((new CoordinatorMetrics().registry.getMetricsAsArray() as unknown as { readonly name: string }[]).map(({ name }) => name));
  for (const { alert, expr } of rules) {
    const named = expr.match(/\btrawl_\w+/g) ?? [];
    assert.ok(named.length > 0, alert);
    for (const metric of named) assert.ok(told.has(metric), `${alert} names ${metric}`);
  }
});

it('every alert has a test in which it is raised and one in which it is not', () => {
  const checks = tests.flatMap((test) => test.alert_rule_test);
  for (const { alert } of rules) {
    const own = checks.filter(({ alertname }) => alertname === alert);
    assert.deepEqual([own.some(({ exp_alerts }) => exp_alerts.length > 0), own.some(({ exp_alerts }) => exp_alerts.length === 0)], [true, true], alert);
  }
});

it('alerts are raised when they should be, by promtool', (t) => {
  const { error, status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'trawl-alerts.test.yaml'], { cwd: folder, encoding: 'utf8' });
  if (error !== undefined) {
    t.skip(`there is no promtool on the PATH (${error.message}): it comes with Prometheus, in Debian's package prometheus`);
    return;
  }
  assert.equal(status, 0, `${stdout}${stderr}`);
});
