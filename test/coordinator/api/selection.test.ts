import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchEnsemble } from '../../../coordinator/api/selection.js';
import { scoreBy } from '../../../coordinator/ensemble/measure.js';
import { selectGreedy } from '../../../coordinator/ensemble/select.js';
import { classNames, models } from '../ensemble/models.js';

test('the search for an ensemble finds in its thread what it finds outside, and leaves the event loop free', async () => {
  const { labels, library } = models(11, 8, 60, 4);
  const truth = { labels, classes: classNames(4), positive: 1 };
  let turns = 0;
  let isSearching = true;
  const turn = (): void => {
    turns += 1;
    if (isSearching) setImmediate(turn);
  };
  setImmediate(turn);
  const found = await searchEnsemble(library, { metric: 'val.auc', direction: 'maximize', truth, maxMembers: 10 });
  isSearching = false;
  assert.ok(turns > 1, `${turns} turns of the event loop during the search`);
  const plain = ({ members, path, rounds }: typeof found): object => ({ rounds, members: members.map(({ candidate, weight }) => [candidate.number, weight]), path: path.map(({ candidate, ...step }) => ({ ...step, number: candidate.number })) });
  assert.deepEqual(plain(found), plain(selectGreedy(library, scoreBy('val.auc', 'maximize', truth), 10)));
  assert.equal(found.members[0]?.probabilities, found.members[0]?.candidate.probabilities);
});

test('a search that fails rejects with its error', async () => {
  const labels = new Proxy([0, 1], {});
  // What cannot be copied to a thread is refused at once.
  await assert.rejects(searchEnsemble([{ number: 0, probabilities: new Float32Array(4) }], { metric: 'val.auc', direction: 'maximize', truth: { labels, classes: ['a', 'b'], positive: 1 }, maxMembers: 2 }), { name: 'DataCloneError' });
});
