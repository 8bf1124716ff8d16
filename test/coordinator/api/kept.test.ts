import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Kept } from '../../../coordinator/api/kept.js';

it('an answer is worked out once however many ask at once, and anew after it failed; the longest unasked goes', async () => {
  const kept = new Kept<string>(2);
  const worked: string[] = [];
  let isAway = true;
  const ask = (key: string): Promise<string> =>
    kept.of(key, async () => {
      worked.push(key);
      await Promise.resolve();
      if (isAway) throw new Error('away');
      return `${key}!`;
    });
  const failed = await Promise.allSettled([ask('a'), ask('a')]);
  assert.deepEqual([failed.map(({ status }) => status), worked], [['rejected', 'rejected'], ['a']]);
  isAway = false;
  assert.deepEqual(await Promise.all([ask('a'), ask('a'), ask('b')]), ['a!', 'a!', 'b!']);
  await ask('a');
  await ask('c');
  assert.deepEqual(worked.splice(0), ['a', 'a', 'b', 'c']);
  await ask('a');
  await ask('b');
  assert.deepEqual(worked, ['b']);
});
