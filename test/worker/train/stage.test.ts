import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TrainWork } from '../../../proto/work.js';
import { StageControl } from '../../../worker/train/control.js';
import { runStage, type StageEnd, type StageReports } from '../../../worker/train/stage.js';
import type { EpochWatch, TrainedEpoch, Trainer } from '../../../worker/train/trainer.js';
import { syntheticWork } from '../agent/synthetic-work.js';

const TRAINED: TrainedEpoch = { result: { metrics: { 'val.loss': 1 }, confusion: null, diverged: false }, cost: { seconds: 1, steps: 1, params: 1, msPerImage: null } };

interface Script {
  readonly train?: (epoch: number, watch: EpochWatch) => TrainedEpoch | null;
  /** When an epoch is reported: the coordinator may speak. */
  readonly reported?: (epoch: number, control: StageControl) => void;
  readonly now?: () => number;
}

/** Runs a stage that trains in no time; returns how it ended and, in order, what it said. */
async function run(work: TrainWork, script: Script = {}): Promise<{ end: StageEnd; diary: string[] }> {
  const diary: string[] = [];
  const control = new StageControl(work.awaitFrom, work.keep);
  const trainer: Trainer = {
    train: (epoch, _settings, watch) => (script.train ?? (() => TRAINED))(epoch, watch),
    state: () => new Uint8Array(1),
    evaluate: async (part) => (part === 'test' ? null : { metrics: { loss: 1, accuracy: 1, auc: 1 }, confusion: [], roc: [], msPerImage: 0, probabilities: new Float32Array() }),
  };
  const reports: StageReports = {
    epoch: (epoch) => {
      diary.push(`epoch ${epoch}`);
      script.reported?.(epoch, control);
    },
    progress: () => undefined,
    state: async (epoch) => void diary.push(`state ${epoch}`),
    evaluation: async (epoch, part) => void diary.push(`evaluation ${epoch} ${part}`),
    flush: () => diary.push('flush'),
  };
  const end = await runStage(work, trainer, control, reports, script.now ?? (() => 0));
  return { end, diary };
}

const answer = (epoch: number, word: { next?: 'continue' | 'stop'; keep?: boolean; evaluate?: boolean } = {}) =>
  ({ kind: 'answer', attempt: 'a', epoch, next: 'continue', keep: false, evaluate: false, ...word }) as const;

describe('the loop over a stage', () => {
  it('runs ahead without asking, saves and evaluates what the work names', async () => {
    const { end, diary } = await run(syntheticWork({ from: 2, to: 5, keep: [3, 4], evaluate: [4] }));
    // The test part has no images, so nothing is said of it.
    assert.deepEqual(diary, ['epoch 2', 'epoch 3', 'state 3', 'epoch 4', 'state 4', 'evaluation 4 val']);
    assert.deepEqual(end, { outcome: { class: 'done', message: '', neededBytes: null }, holds: 4 });
  });

  it('sends what it has said before it waits for an answer', async () => {
    const { diary } = await run(syntheticWork({ to: 2, awaitFrom: 1 }), { reported: (epoch, control) => control.receive(answer(epoch)) });
    assert.deepEqual(diary, ['epoch 0', 'epoch 1', 'flush']);
  });

  it('lets the answer, not the work, decide about an awaited epoch', async () => {
    const { end, diary } = await run(syntheticWork({ to: 4, awaitFrom: 0, keep: [] }), {
      reported: (epoch, control) => control.receive(answer(epoch, { keep: epoch === 1, evaluate: epoch === 1, next: epoch === 1 ? 'stop' : 'continue' })),
    });
    assert.deepEqual(diary, ['epoch 0', 'flush', 'epoch 1', 'flush', 'state 1', 'evaluation 1 val']);
    assert.equal(end.holds, 1);
  });

  it('drops the epoch in progress when it was told too late to stop', async () => {
    const { end, diary } = await run(syntheticWork({ to: 9 }), {
      train: (epoch, watch) => (epoch === 2 && watch.interrupted() ? null : TRAINED),
      reported: (epoch, control) => (epoch === 1 ? control.receive(answer(0, { next: 'stop' })) : undefined),
    });
    assert.deepEqual(diary, ['epoch 0', 'epoch 1']);
    // It was seen at the end of epoch 1 already, whose weights are whole.
    assert.deepEqual(end, { outcome: { class: 'done', message: '', neededBytes: null }, holds: 1 });
  });

  it('leaves no state to go on from when an epoch was broken off', async () => {
    const { end } = await run(syntheticWork({ to: 9 }), { train: (epoch) => (epoch === 2 ? null : TRAINED) });
    assert.deepEqual(end, { outcome: { class: 'done', message: '', neededBytes: null }, holds: null });
  });

  it('gives the lease back with a checkpoint, unless that was the last epoch anyway', async () => {
    const release = { kind: 'release', attempt: 'a' } as const;
    const early = await run(syntheticWork({ to: 3 }), { reported: (epoch, control) => (epoch === 1 ? control.receive(release) : undefined) });
    assert.deepEqual(early.diary, ['epoch 0', 'epoch 1', 'state 1']);
    assert.deepEqual(early.end, { outcome: { class: 'released', message: '', neededBytes: null }, holds: 1 });
    const late = await run(syntheticWork({ to: 3 }), { reported: (epoch, control) => (epoch === 2 ? control.receive(release) : undefined) });
    assert.equal(late.end.outcome.class, 'done');
  });

  it('saves by the clock, from the last checkpoint on', async () => {
    let now = 0;
    const { diary } = await run(syntheticWork({ to: 7, keep: [1], checkpointEveryMs: 25 }), {
      train: () => {
        now += 10;
        return TRAINED;
      },
      now: () => now,
    });
    // Kept at 1 (t = 20); 25 ms later is past the end of epoch 3 (t = 40), so at 4 (t = 50); the last is never saved for that.
    assert.deepEqual(diary.filter((entry) => entry.startsWith('state')), ['state 1', 'state 4']);
  });

  it('ends at an epoch that diverged', async () => {
    const diverged = { ...TRAINED, result: { metrics: {}, confusion: null, diverged: true } };
    const { end, diary } = await run(syntheticWork({ to: 5, keep: [0, 1, 2, 3, 4] }), { train: (epoch) => (epoch === 1 ? diverged : TRAINED) });
    assert.deepEqual(diary, ['epoch 0', 'state 0', 'epoch 1']);
    assert.deepEqual(end, { outcome: { class: 'done', message: '', neededBytes: null }, holds: null });
  });

  it('reports every epoch of its span once and in order, whatever is awaited, kept or told late', async () => {
    const spans = fc.record({ from: fc.nat(5), length: fc.integer({ min: 1, max: 8 }), awaitFrom: fc.nat(14), keep: fc.array(fc.nat(13)), late: fc.nat(13) });
    await fc.assert(
      fc.asyncProperty(spans, async ({ from, length, awaitFrom, keep, late }) => {
        const to = from + length;
        const { diary } = await run(syntheticWork({ from, to, awaitFrom, keep }), {
          reported: (epoch, control) => {
            if (epoch === from) control.receive({ kind: 'keep', attempt: 'a', epoch: late });
            // As over a connection: the answer comes in a later turn.
            setImmediate(() => control.receive(answer(epoch, { keep: keep.includes(epoch) })));
          },
        });
        const said = (what: string): number[] => diary.filter((entry) => entry.startsWith(what)).map((entry) => Number(entry.split(' ')[1]));
        const span = Array.from({ length }, (_, index) => from + index);
        assert.deepEqual(said('epoch'), span);
        assert.deepEqual(said('state'), span.filter((epoch) => keep.includes(epoch) || epoch === late));
      }),
    );
  });
});
