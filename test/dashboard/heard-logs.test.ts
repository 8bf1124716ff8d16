import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogAttempt, TrialDetail } from '../../dashboard/api/types.js';
import { sectionsOf, withAttempt, withHeardText, type HeardLogs } from '../../dashboard/pages/trial/heard-logs.js';
import { fileText } from '../../dashboard/text/log-text.js';

type Attempt = TrialDetail['attempts'][number];

const ended: Attempt = {
  ...{ attempt: 'att_1', worker: 'wrk_1', name: 'box', kind: 'train', from: 0, to: 2, outcome: 'done', message: '' },
  ...{ leasedAt: '2026-01-01T00:00:00Z', startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:00:09Z', log: 'the end\n' },
};
const told: LogAttempt = { attempt: 'att_1', worker: 'wrk_1', name: 'box', kind: 'train', from: 0, to: 2, state: 'live' };
const text = { attempt: 'att_1', from: 0, to: 4, text: 'one\n' };

const shown = (attempts: readonly Attempt[], heard: HeardLogs): string[] => sectionsOf({ attempts }, heard).map(({ log }) => fileText(log));

test('texts that come before their attempt are kept, and shown once it is told', () => {
  let heard = withHeardText(new Map(), text);
  assert.deepEqual(shown([], heard), []);
  assert.deepEqual(shown([{ ...ended, outcome: null, endedAt: null, log: '' }], heard), ['one\n'], 'its page lists it');
  heard = withAttempt(withHeardText(heard, { attempt: 'att_1', from: 4, to: 8, text: 'two\n' }), { ...told, state: 'ended' });
  assert.deepEqual(shown([], heard), ['one\ntwo\n']);
});

test('of an attempt that has ended, what was heard to its end is shown in the place of what is kept of it', () => {
  const heard = withHeardText(withAttempt(new Map(), told), text);
  assert.deepEqual(shown([ended], heard), ['the end\n'], 'not heard to its end');
  assert.deepEqual(shown([ended], withAttempt(heard, { ...told, state: 'ended' })), ['one\n']);
});
