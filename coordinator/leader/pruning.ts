/**
 * One sweep's pruner over its trials. Twins (trials with the same path) stand on the same epochs at all
 * times: they are one candidate for the pruner, under the number of the first, and share its fate.
 */
import type { EpochKey } from '../../proto/work.js';
import type { Judgement, Pruner } from '../pruner/pruner.js';
import type { ObjectiveSpec } from '../sweep/spec.js';
import type { FoldRule } from '../trial/fold.js';
import { minimised, valueOf } from '../trial/rank.js';
import type { Pruning, TrialRun } from './model.js';

interface Candidate {
  readonly number: number;
  readonly twins: Set<TrialRun>;
  /** The judgement at each number of epochs so far: twins are told the same. */
  readonly judged: Judgement[];
}

export class SweepPruning implements Pruning {
  readonly #pruner: Pruner;
  readonly #objective: ObjectiveSpec;
  readonly #rule: FoldRule;
  readonly #byPath = new Map<EpochKey, Candidate>();
  readonly #byNumber = new Map<number, Candidate>();

  constructor(pruner: Pruner, objective: ObjectiveSpec, rule: FoldRule) {
    this.#pruner = pruner;
    this.#objective = objective;
    this.#rule = rule;
  }

  /** `until`: how far it had been let go before a restart; null where it was never judged. Returns when it is judged next. */
  enter(trial: TrialRun, until: number | null): number {
    const path = lastKey(trial);
    const known = this.#byPath.get(path);
    if (known !== undefined) {
      known.twins.add(trial);
      return [...known.twins][0]?.until ?? trial.nodes.length;
    }
    const candidate: Candidate = { number: trial.number, twins: new Set([trial]), judged: [] };
    this.#byPath.set(path, candidate);
    this.#byNumber.set(trial.number, candidate);
    const first = this.#pruner.enter(trial.number, trial.nodes.length);
    if (until === null) return first;
    this.#pruner.restore(trial.number, until);
    return until;
  }

  /** A trial that ended before this leader: what it reported is what others are compared with. */
  remember(trial: TrialRun): void {
    this.enter(trial, trial.length);
    for (let epochs = 1; epochs <= trial.length; epochs += 1) this.#pruner.report(trial.number, epochs, this.#valueAt(trial, epochs - 1));
    this.leave(trial);
  }

  /** What becomes of a trial that has just folded the epoch before `trial.fold.epochs`. */
  judge(trial: TrialRun): Judgement {
    const candidate = this.#byPath.get(lastKey(trial));
    const { epochs } = trial.fold;
    if (candidate === undefined) throw new Error(`trial ${trial.number} was never entered`);
    const known = candidate.judged[epochs];
    if (known !== undefined) return known;
    const judgement = this.#pruner.report(candidate.number, epochs, this.#valueAt(trial, epochs - 1));
    candidate.judged[epochs] = judgement;
    return judgement;
  }

  /** The held trials that go on now (several only where they are twins), and until when; null for none. */
  promote(): { readonly trials: readonly TrialRun[]; readonly until: number } | null {
    const promotion = this.#pruner.promote();
    if (promotion === null) return null;
    const candidate = this.#byNumber.get(promotion.number);
    const trials = [...(candidate?.twins ?? [])];
    if (candidate !== undefined) candidate.judged[trials[0]?.fold.epochs ?? 0] = { kind: 'continue', until: promotion.until };
    return { trials, until: promotion.until };
  }

  leave(trial: TrialRun): void {
    const candidate = this.#byPath.get(lastKey(trial));
    if (candidate?.twins.delete(trial) !== true || candidate.twins.size > 0) return;
    this.#byPath.delete(lastKey(trial));
    this.#byNumber.delete(candidate.number);
    this.#pruner.leave(candidate.number, trial.state === 'completed');
  }

  /** No trial will enter any more. */
  close(): void {
    this.#pruner.close();
  }

  #valueAt(trial: TrialRun, epoch: number): number | null {
    const node = trial.nodes[epoch];
    const result = node?.result ?? null;
    if (result === null) return null;
    const value = valueOf(this.#objective.metric, { result, params: node?.params ?? 0, msPerImage: node?.msPerImage ?? null }, this.#rule.classes, this.#rule.positive);
    if (value === null || Number.isNaN(value)) return null;
    return minimised(value, this.#objective.direction);
  }
}

function lastKey(trial: TrialRun): EpochKey {
  return trial.nodes.at(-1)?.key ?? '';
}
