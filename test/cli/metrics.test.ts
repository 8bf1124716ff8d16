/** What a real coordinator tells Prometheus, against what its store says of the same sweeps. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { homeAt } from '../../cli/home.js';
import { readAnnouncement } from '../../cli/host/announcement.js';
import type { CostView } from '../../coordinator/api/analysis-views.js';
import { temporaryFolder } from '../support/images.js';
import { Trawl, trawl } from './trawl.js';

/**
 * Five values of `a`, two of `b`, paths of 2 and 4 epochs: 20 trials that ask for 10 x 2 + 10 x 4 = 60
 * epochs, of which the shorter ones lie in the longer ones: 40 to train, 20 shared. With a third value of
 * `b`: 90 asked for, of which the grid before has trained 40, 30 are shared and 20 are new.
 */
const GRID = `name: grid
trainable: {synthetic: {metrics: {val.loss: '(a - 0.3) ** 2 + 0.001 * b / (epoch + 1)'}}}
space: {a: [0.1, 0.2, 0.3, 0.4, 0.5], b: [1, 2], epochs: [2, 4]}
objective: {minimize: val.loss}
`;
const WIDE = GRID.replace('name: grid', 'name: wide').replace('b: [1, 2]', 'b: [1, 2, 3]');
const PRUNED = `name: pruned
trainable: {synthetic: {metrics: {val.loss: 'x / (epoch + 1)'}}}
space: {x: {min: 1, max: 2}, epochs: 9}
sampler: random
budget: {trials: 12}
pruner: {asha: {eta: 3, minEpochs: 1}}
objective: {minimize: val.loss}
`;

/** Samples by their name with labels, as the text format has them. */
async function scrape(url: string): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/metrics`);
  assert.equal(answer.status, 200);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

it('the metrics of a coordinator agree with its store, and are open to this machine', { timeout: 120_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const up = new Trawl(['up', '--home', home, '--slots', '2']);
  try {
    await up.said(/Ctrl-C ends it/);
    const url = readAnnouncement(homeAt(home))?.url ?? assert.fail('no coordinator is announced');
    const costs: CostView[] = [];
    for (const [name, text] of [['grid', GRID], ['wide', WIDE], ['pruned', PRUNED]] as const) {
      writeFileSync(join(folder, `${name}.yaml`), text);
      const run = await trawl(['run', join(folder, `${name}.yaml`), '--home', home, '--json']);
      assert.equal(run.code, 0, run.stderr);
      costs.push(JSON.parse((await trawl(['cost', name, '--home', home, '--json'])).stdout) as CostView);
    }
    const samples = await scrape(url);
    const value = (sample: string): number => samples.get(sample) ?? assert.fail(`${sample} is not told; told are ${[...samples.keys()].join(', ')}`);
    const sum = (field: keyof CostView['epochs']): number => costs.reduce((total, { epochs }) => total + epochs[field], 0);

    assert.deepEqual(costs.slice(0, 2).map(({ epochs }) => [epochs.trained, epochs.shared + epochs.before]), [[40, 20], [20, 70]]);
    assert.equal(value('trawl_epochs_trained_total'), sum('trained'));
    assert.equal(value('trawl_epochs_shared_total'), sum('shared') + sum('before'));
    assert.ok(sum('pruned') > 0, 'the third sweep is there to be pruned');
    assert.equal(value('trawl_epochs_pruned_total'), sum('pruned'));
    assert.equal(value('trawl_epochs_stopped_total'), 0);
    assert.equal(value('trawl_epochs_retrained_total'), 0);

    assert.equal(value('trawl_sweeps_ended_total{state="completed"}'), 3);
    assert.equal(value('trawl_sweeps{state="running"}'), 0);
    const ended = (state: string): number => costs.reduce((total, { trials }) => total + (trials[state] ?? 0), 0);
    assert.equal(value('trawl_trials_ended_total{state="completed",class="none"}'), ended('completed'));
    assert.equal(value('trawl_trials_ended_total{state="pruned",class="none"}'), ended('pruned'));

    assert.equal(value('trawl_leader'), 1);
    assert.equal(value('trawl_leader_changes_total'), 1);
    assert.equal(value('trawl_workers{state="active"}'), 1);
    assert.equal(value('trawl_slots{state="idle"}'), 2);
    assert.equal(value('trawl_link_connects_total{carrier="grpc"}'), 1);
    assert.ok(value('trawl_link_bytes_total{carrier="grpc",direction="received"}') > value('trawl_epochs_trained_total') * 50, 'a report is some dozens of bytes at least');

    const granted = value('trawl_leases_granted_total{kind="train"}');
    assert.equal(value('trawl_stages_ended_total{outcome="done"}') + (samples.get('trawl_stages_ended_total{outcome="released"}') ?? 0), granted);
    assert.equal(value('trawl_store_rows_total{what="grants"}'), granted);
    const placed = ['near', 'idlest', 'alone', 'ahead'].reduce((total, decision) => total + value(`trawl_placements_total{decision="${decision}"}`), 0);
    assert.equal(placed, granted);
    assert.ok(value('trawl_report_latency_seconds_count') >= granted + value('trawl_epochs_trained_total'), 'every epoch and every end of a stage is a report');
    assert.equal(value('trawl_report_latency_seconds_bucket{le="+Inf"}'), value('trawl_report_latency_seconds_count'));
    assert.equal(value('trawl_leases_expired_total'), 0);
    assert.ok(value('process_resident_memory_bytes') > 0);
  } finally {
    up.signal('SIGINT');
    await up.ended;
  }
});
