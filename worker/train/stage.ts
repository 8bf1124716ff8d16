/**
 * The loop over a stage's epochs. After each: the report; then, where the coordinator wants to be
 * asked, its answer; then the checkpoint and the evaluation that somebody wants; then on to the
 * next. Nothing here reaches the numbers: whether a checkpoint is saved, or where the span is cut,
 * changes no weight.
 */
import type { EvaluatedPart, Outcome, TrainWork } from '../../proto/work.js';
import { Breather } from './breather.js';
import type { StageControl } from './control.js';
import { DONE, RELEASED } from './failure.js';
import type { EpochWatch, Evaluation, State, TrainedEpoch, Trainer } from './trainer.js';

export const EVALUATED_PARTS: readonly EvaluatedPart[] = ['val', 'test'];

/** Where a stage's news go. */
export interface StageReports {
  epoch(epoch: number, trained: TrainedEpoch): void;
  progress(epoch: number, step: number, steps: number, loss: number | null): void;
  /** Hands the state over; rejects where it cannot be written. */
  state(epoch: number, state: State): Promise<void>;
  evaluation(epoch: number, part: EvaluatedPart, evaluation: Evaluation): Promise<void>;
  /** Everything so far must go out now: somebody waits for it. */
  flush(): void;
}

export interface StageEnd {
  readonly outcome: Outcome;
  /** The epoch whose end the trainer's weights are at; null where they are of no further use. */
  readonly holds: number | null;
}

interface Wanted {
  readonly stop: boolean;
  readonly keep: boolean;
  readonly evaluate: boolean;
}

/** Evaluates the parts that have images. */
export async function evaluateParts(trainer: Trainer, epoch: number, parts: readonly EvaluatedPart[], reports: StageReports): Promise<void> {
  for (const part of parts) {
    const evaluation = await trainer.evaluate(part);
    if (evaluation !== null) await reports.evaluation(epoch, part, evaluation);
  }
}

function watchFor(epoch: number, control: StageControl, reports: StageReports): EpochWatch {
  return {
    interrupted: () => control.interrupted,
    interruption: control.interruption,
    release: control.release,
    step: (step, steps, loss) => reports.progress(epoch, step, steps, Number.isFinite(loss) ? loss : null),
  };
}

/** What is wanted of an epoch that was reported: by its answer if it is awaited, else by what is known. */
async function wantedOf(epoch: number, work: TrainWork, control: StageControl, reports: StageReports): Promise<Wanted> {
  const evaluate = work.evaluate.includes(epoch);
  if (!control.awaits(epoch)) return { stop: control.interrupted, keep: control.keeps(epoch), evaluate };
  reports.flush();
  const answer = await control.answerTo(epoch);
  return { stop: answer.next === 'stop', keep: answer.keep || control.keeps(epoch), evaluate: evaluate || answer.evaluate };
}

/**
 * Trains the span of `work`. `now` is a monotonic clock in milliseconds, which decides only about
 * checkpoints between those that were asked for.
 */
export async function runStage(work: TrainWork, trainer: Trainer, control: StageControl, reports: StageReports, now: () => number): Promise<StageEnd> {
  const breather = new Breather();
  let savedAt = now();
  const save = async (epoch: number): Promise<void> => {
    const state = await trainer.state();
    if (state === null) return;
    await reports.state(epoch, state);
    savedAt = now();
  };
  for (let epoch = work.from; epoch < work.to; epoch++) {
    const settings = work.epochs[epoch - work.from];
    if (settings === undefined) throw new RangeError(`the work names no settings for epoch ${epoch} of [${work.from}, ${work.to})`);
    const trained = await trainer.train(epoch, settings, watchFor(epoch, control, reports));
    if (trained === null) {
      if (control.interrupted || !control.released) return { outcome: DONE, holds: null };
      if (epoch > work.from) await save(epoch - 1);
      return { outcome: RELEASED, holds: null };
    }
    reports.epoch(epoch, trained);
    if (trained.result.diverged) return { outcome: DONE, holds: null };
    if (breather.due()) await breather.breathe();

    const wanted = await wantedOf(epoch, work, control, reports);
    const last = wanted.stop || epoch === work.to - 1;
    const release = control.released && !last;
    if (wanted.keep || release || (!last && now() - savedAt >= work.checkpointEveryMs)) await save(epoch);
    if (wanted.evaluate) await evaluateParts(trainer, epoch, EVALUATED_PARTS, reports);
    if (last || release) return { outcome: release ? RELEASED : DONE, holds: epoch };
  }
  throw new RangeError(`the work's span [${work.from}, ${work.to}) is empty`);
}
