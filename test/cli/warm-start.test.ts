/** A sweep whose sampler begins with what another has found, with real processes. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryFolder } from '../support/images.js';
import { readDocument } from './run-document.js';
import { trawl } from './trawl.js';

const common = "trainable: {synthetic: {epochMs: 1, metrics: {val.loss: '(x - 0.7) ** 2'}}}\nobjective: {minimize: val.loss}\n";

it('a sweep takes the trials of another: the run, its document and `show` say how many; an unknown one is exit 2', async (t) => {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const write = (name: string, more: string, sampler = 'tpe'): string => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, `name: ${name}\n${common}sampler: ${sampler}\n${more}\n`);
    return file;
  };
  const early = await trawl(['run', write('early', 'space: {x: {min: 0, max: 1}, epochs: 1}\nbudget: {trials: 1}'), '--warm-start-from', 'wide', '--home', home]);
  assert.equal(early.code, 2, early.stderr);
  assert.match(early.stderr, /warmStart\.from\[0\]: found "wide", expected the name or id of a sweep of this home/);
  assert.ok(!existsSync(home), 'bad input makes no home');

  const first = await trawl(['run', write('wide', 'space: {x: {min: 0, max: 1}, epochs: 1}\nbudget: {trials: 14}'), '--home', home, '--json']);
  assert.equal(first.code, 0, first.stderr);
  const xs = readDocument(first.stdout).trials.map(({ settings }) => Number(settings.x));
  const fitting = xs.filter((x) => x >= 0.5).length;
  assert.ok(fitting > 0 && fitting < 14, `${fitting} of 14`);

  const narrow = 'space: {x: {min: 0.5, max: 1}, epochs: 1}\nbudget: {trials: 3}';
  const second = await trawl(['run', write('narrow', `${narrow}\nwarmStart: {from: wide}`), '--home', home, '--json']);
  assert.equal(second.code, 0, second.stderr);
  const said = new RegExp(`Warm start: ${fitting} trials? taken from wide \\(${fitting} completed\\); ${14 - fitting} (do|does) not fit:\\n  +${14 - fitting}: its x is outside the space`);
  assert.match(second.stderr, said);
  const { sweep, trials } = readDocument(second.stdout);
  assert.deepEqual(sweep.warmStart, { from: ['wide'], taken: { completed: fitting }, unfit: [{ reason: 'its x is outside the space', trials: 14 - fitting }] });
  assert.deepEqual(trials.map(({ number }) => number).sort(), [0, 1, 2], 'what was taken is no trial of the sweep');
  assert.match((await trawl(['show', 'narrow', '--home', home])).stdout, said);

  const cold = write('cold', narrow);
  const unknown = await trawl(['run', cold, '--warm-start-from', 'wid', '--home', home]);
  assert.equal(unknown.code, 2, unknown.stderr);
  assert.match(unknown.stderr, /warmStart\.from\[0\]: found "wid", expected the name or id of a sweep of this home; did you mean wide\?/);
  assert.doesNotMatch((await trawl(['ls', '--home', home])).stdout, /cold/);
  const begun = await trawl(['run', cold, '--home', home, '--json']);
  assert.equal(begun.code, 0, begun.stderr);
  const warmed = await trawl(['warm-start', 'cold', '--from', 'wide', '--home', home]);
  assert.equal(warmed.code, 0, warmed.stderr);
  assert.match(warmed.stdout, said);
  assert.match(warmed.stdout, /Changed: cold \(swp_\w+\), revision 2/);
  assert.equal((await trawl(['warm-start', 'cold', '--from', 'cold', '--home', home])).code, 2);

  const flagged = await trawl(['run', write('flagged', narrow), '--warm-start-from', 'wide', '--home', home, '--json']);
  assert.deepEqual([flagged.code, readDocument(flagged.stdout).sweep.warmStart?.taken], [0, { completed: fitting }], flagged.stderr);
  const grid = await trawl(['run', write('listed', 'space: {x: [0, 1], epochs: 1}\nwarmStart: {from: wide}', 'grid'), '--home', home]);
  assert.equal(grid.code, 0, grid.stderr);
  assert.match(grid.stderr, /warning: .*listed\.yaml:6:12: warmStart: it has no effect: sampler grid learns from no trials, as tpe and gp do/);
});
