/**
 * The board: every open trial and its way to its end.
 *
 * Each open trial stands at one node, the first epoch of its path without a result. When that epoch is
 * recorded, the trials that stand there fold it and move on (over memoised epochs at once), so the cost
 * of a report is the number of trials that share it.
 */
import type { EpochResult } from '../../proto/work.js';
import type { Judgement } from '../pruner/pruner.js';
import { chosenEpoch, emptyFold, foldEpoch } from '../trial/fold.js';
import { compareScores, improves } from '../trial/rank.js';
import { whatIsMissing } from '../trial/reported.js';
import { isEnded, moveSweep, moveTrial, type TrialState } from '../trial/states.js';
import { Forest, isStateless, type EpochNode } from '../stage/forest.js';
import type { TrialFailure, TrialRecord } from '../store/records.js';
import type { TurnWrites } from '../store/turn-writes.js';
import type { BudgetEnd } from '../sweep/spec.js';
import { claimEnd, claimPath, giveUpEnd, giveUpPath, goOn, leaveEarly, pin } from './claims.js';
import { spentWrite } from './budget.js';
import { creditEnd, creditKnown } from './credit.js';
import type { Proposed, ReadyItem, SweepFacts, SweepRun, TrialRun } from './model.js';
import { memoise } from './memoise.js';
import { Misfits } from './misfits.js';
import type { TurnNotes } from './notes.js';
import { toldOf, type ProposingOf } from './proposing.js';
import type { Share } from './share.js';
import { Standing } from './standing.js';
import { together } from './replicates.js';
import { sweepRunOf } from './sweep-run.js';
import { completedScore, endOf, trialWrite } from './trial-write.js';

export class Board {
  readonly #proposingOf: ProposingOf;
  readonly forest = new Forest();
  readonly sweeps = new Map<string, SweepRun>();
  readonly #standing = new Standing();
  readonly #misfits = new Misfits();

  readonly #notes: () => TurnNotes;

  /** `notes`: those of the turn at hand. */
  constructor(proposingOf: ProposingOf, notes: () => TurnNotes) {
    this.#proposingOf = proposingOf;
    this.#notes = notes;
  }

  /** Takes a sweep in; what is recorded already is folded at once, which may end trials and the sweep. */
  addSweep(facts: SweepFacts, share: Share, writes: TurnWrites): SweepRun {
    const { record } = facts;
    const sweep = sweepRunOf(record, record.onlyAsked ? null : this.#proposingOf(record), share);
    this.sweeps.set(record.id, sweep);
    for (const trial of facts.trials) this.#plant(trial, sweep);
    memoise(this.forest, facts, record.createdAt);
    for (const trial of sweep.trials) {
      sweep.proposing?.adopt(trial.plan);
      sweep.proposing?.tell(toldOf(trial));
      if (trial.phase !== 'ended') continue;
      creditKnown(trial);
      this.#considerBest(trial);
      if (trial.state === 'completed' || trial.state === 'pruned') sweep.pruning?.remember(trial);
    }
    for (const trial of sweep.trials) if (trial.phase === 'train') this.#advance(trial, writes);
    // What the store knew already says nothing of how the search goes on.
    this.#countSinceBest(sweep, record.spent.sinceBest, writes);
    this.#considerEnd(sweep, writes);
    return sweep;
  }

  /** Takes in trials that were proposed for a sweep; none means that there will be no more. */
  admit(sweep: SweepRun, proposed: Proposed, writes: TurnWrites): void {
    const { id, revision } = sweep.record;
    const planted = proposed.trials.map((trial) => {
      writes.created.push({ ...trial, ahead: null, sweep: id, revision });
      return this.#plant({ ...freshTrial, id: trial.id, sweep: id, number: trial.plan.number, assignment: trial.plan.assignment, plan: trial.plan }, sweep);
    });
    memoise(this.forest, proposed, sweep.record.createdAt);
    for (const trial of planted) this.#advance(trial, writes);
    this.#considerEnd(sweep, writes);
  }

  /** Forgets a sweep: its trials want nothing any more. What ran for them alone is for the caller to cancel. */
  removeSweep(id: string): void {
    const sweep = this.sweeps.get(id);
    if (sweep === undefined) return;
    this.sweeps.delete(id);
    sweep.proposing?.close();
    for (const trial of sweep.trials) {
      if (trial.phase !== 'ended') this.#uproot(trial);
      if (trial.phase !== 'ended' || trial.state === 'completed') giveUpEnd(trial);
      this.forest.prune(trial.nodes);
    }
  }

  /** Its leader leads no more: nobody asks its samplers again. */
  close(): void {
    for (const sweep of this.sweeps.values()) sweep.proposing?.close();
  }

  /** Trials that wait at this node for training, of sweeps in whatever state. */
  standingAt(node: EpochNode): readonly TrialRun[] {
    return this.#standing.at(node);
  }

  waitingForEvaluation(node: EpochNode): readonly TrialRun[] {
    return this.#standing.waitingForEvaluation(node);
  }

  /** Whether some running sweep has a trial that needs what an attempt with this goal still yields. */
  isWanted(goal: EpochNode): boolean {
    const runs = (trial: TrialRun): boolean => trial.sweep.state === 'running';
    return this.standingAt(goal).some(runs) || this.waitingForEvaluation(goal).some(runs);
  }

  /** Call after setting a node's result: the trials that stand there move on. */
  recorded(node: EpochNode, writes: TurnWrites): void {
    for (const trial of this.#standing.takeFrom(node)) {
      trial.sweep.moved = true;
      this.#advance(trial, writes);
    }
  }

  /** Call after adding an evaluation to a node: trials that have all their parts complete. */
  evaluated(node: EpochNode, writes: TurnWrites): void {
    for (const trial of [...this.waitingForEvaluation(node)]) {
      if (trial.sweep.parts.every((part) => node.evaluations.has(part))) this.#complete(trial, writes);
    }
  }

  /** Ends the trials that need this node. */
  fail(goal: EpochNode, state: 'failed' | 'infeasible', failure: TrialFailure, writes: TurnWrites): void {
    for (const trial of [...this.standingAt(goal), ...this.waitingForEvaluation(goal)]) this.#end(trial, state, failure, writes);
  }

  markRunning(node: EpochNode, writes: TurnWrites): void {
    for (const trial of this.standingAt(node)) {
      if (trial.state !== 'running' && trial.sweep.state === 'running') this.#setState(trial, 'running', writes);
    }
  }

  /** Queues whatever became possible at a node, right after it, or below it where that waited for this node. */
  reconsider(node: EpochNode): void {
    this.#standing.reconsider(node);
  }

  /** Its budget is used up: what is trained only waits for its evaluation, every other open trial is cancelled. */
  cutShort(sweep: SweepRun, endedBy: BudgetEnd, writes: TurnWrites): void {
    if (sweep.endedBy === null) {
      sweep.endedBy = endedBy;
      writes.spent.push(spentWrite(sweep));
    }
    this.#trainNoMore(sweep, writes);
  }

  pause(sweep: SweepRun, problem: string | null, writes: TurnWrites): void {
    sweep.state = moveSweep(sweep.state, 'paused');
    sweep.problem = problem;
    for (const trial of sweep.trials) if (trial.state === 'running') this.#setState(trial, 'paused', writes);
  }

  resume(sweep: SweepRun, writes: TurnWrites): void {
    sweep.state = moveSweep(sweep.state, 'running');
    sweep.problem = null;
    for (const trial of sweep.trials) {
      if (trial.phase === 'held') continue;
      if (trial.state === 'paused') this.#setState(trial, 'queued', writes);
      const at = trial.phase === 'train' ? trial.nodes[trial.fold.epochs] : trial.chosen;
      if (trial.phase !== 'ended' && at !== null && at !== undefined) this.#standing.consider(at);
    }
    this.#considerEnd(sweep, writes);
  }

  /** Lets as many held trials go on as would find a place, the most deserving first. */
  promote(roomFor: (sweep: SweepRun) => number, writes: TurnWrites): void {
    for (const sweep of this.sweeps.values()) {
      if (sweep.pruning === null || sweep.state !== 'running' || sweep.held.size === 0) continue;
      const room = roomFor(sweep);
      while (sweep.promoted.size < room && this.#promoteOne(sweep, writes));
    }
  }

  /** Whether an item taken from the queue is still to be done. */
  isReady(item: ReadyItem): boolean {
    return this.#standing.isReady(item);
  }

  #plant(record: TrialRecord, sweep: SweepRun): TrialRun {
    const { path, epochs, trajectory } = record.plan;
    const ended = isEnded(record.state);
    // What was cancelled in the store alone is known by no length.
    const length = ended ? (record.epochs ?? (record.state === 'cancelled' ? 0 : path.length)) : path.length;
    const nodes = this.forest.grow(path, epochs, trajectory);
    const trial: TrialRun = {
      id: record.id,
      number: record.number,
      ahead: record.ahead,
      plan: record.plan,
      sweep,
      nodes,
      state: record.state,
      fold: emptyFold,
      length,
      until: nodes.length,
      phase: ended ? 'ended' : 'train',
      pinned: null,
      chosen: record.bestEpoch === null ? null : (nodes[record.bestEpoch] ?? null),
      failure: record.failure,
    };
    sweep.trials.push(trial);
    if (!ended) claimPath(trial);
    else if (record.state === 'completed') claimEnd(trial);
    if (ended) return trial;
    if (sweep.pruning !== null) trial.until = sweep.pruning.enter(trial, record.until);
    if (record.state === 'queued') sweep.queued += 1;
    sweep.open += 1;
    return trial;
  }

  /** Folds what is recorded from the trial's place on; stops at its new frontier or its end. */
  #advance(trial: TrialRun, writes: TurnWrites): void {
    // One of its twins may have ended its whole sweep.
    if (trial.phase !== 'train') return;
    for (;;) {
      const node = trial.nodes[trial.fold.epochs];
      if (trial.fold.state !== 'open' || node === undefined) break;
      if (node.result === null) {
        const misfit = trial.fold.epochs === 0 ? this.#misfits.of(trial.plan.trajectory) : null;
        if (misfit === null) this.#standing.stand(node, trial);
        else this.#end(trial, 'infeasible', { class: 'ModelError', message: misfit }, writes);
        return;
      }
      trial.fold = foldEpoch(trial.fold, node.result, trial.nodes.length, trial.sweep.rule);
      if (trial.fold.epochs === 1 && !this.#reportsWhatCounts(trial, node.result, writes)) return;
      if (trial.sweep.rule.stop?.restoreBest === true) pin(trial, trial.nodes[trial.fold.bestEpoch] ?? null);
      if (trial.fold.state === 'open' && trial.sweep.pruning !== null && !this.#goesOn(trial, trial.sweep.pruning.judge(trial), writes)) return;
    }
    if (trial.fold.state === 'diverged') {
      this.#end(trial, 'failed', { class: 'Diverged', message: `the loss ceased to be finite in epoch ${trial.fold.epochs - 1}` }, writes);
    } else {
      this.#finishTraining(trial, writes);
    }
  }

  #trainNoMore(sweep: SweepRun, writes: TurnWrites): void {
    if (sweep.proposing !== null) sweep.proposing.exhausted = true;
    for (const trial of [...sweep.held]) this.#end(trial, 'pruned', null, writes);
    for (const trial of sweep.trials) if (trial.phase === 'train') this.#end(trial, 'cancelled', null, writes);
  }

  /** Without the metrics that count a trial fails at its first epoch, and all others with it where no epoch has had them yet. */
  #reportsWhatCounts(trial: TrialRun, result: EpochResult, writes: TurnWrites): boolean {
    const { sweep } = trial;
    const message = whatIsMissing(sweep.record.spec, result);
    if (message === null) {
      sweep.reports = true;
      return true;
    }
    this.#end(trial, 'failed', { class: 'TrainableError', message }, writes);
    // A trial that has ended well under an earlier leader is a proof too.
    if (!sweep.reports && !sweep.trials.some(({ state }) => state === 'completed' || state === 'pruned')) this.#trainNoMore(sweep, writes);
    return false;
  }

  /** Does as its pruner says; whether the trial goes on. */
  #goesOn(trial: TrialRun, judgement: Judgement, writes: TurnWrites): boolean {
    if (judgement.kind === 'continue') {
      if (judgement.until === trial.until) return true;
      trial.until = judgement.until;
      this.#note(trial, writes);
      return true;
    }
    leaveEarly(trial);
    trial.phase = 'held';
    if (judgement.kind === 'stop') {
      this.#end(trial, 'pruned', null, writes);
      return false;
    }
    trial.sweep.held.add(trial);
    if (trial.state === 'paused') this.#note(trial, writes);
    else this.#setState(trial, 'paused', writes);
    this.#considerEnd(trial.sweep, writes);
    return false;
  }

  #promoteOne(sweep: SweepRun, writes: TurnWrites): boolean {
    const promotion = sweep.pruning?.promote() ?? null;
    if (promotion === null) return false;
    for (const trial of promotion.trials) {
      sweep.held.delete(trial);
      goOn(trial);
      trial.until = promotion.until;
      trial.phase = 'train';
      sweep.promoted.add(trial);
      this.#setState(trial, 'queued', writes);
      this.#advance(trial, writes);
    }
    return true;
  }

  #finishTraining(trial: TrialRun, writes: TurnWrites): void {
    const chosen = trial.nodes[chosenEpoch(trial.fold, trial.sweep.record.spec.stop)] ?? null;
    leaveEarly(trial);
    trial.chosen = chosen;
    trial.phase = 'evaluate';
    pin(trial, chosen);
    const parts = trial.sweep.parts;
    if (chosen === null || isStateless(chosen.trajectory) || parts.every((part) => chosen.evaluations.has(part))) {
      this.#complete(trial, writes);
      return;
    }
    this.#standing.awaitEvaluation(chosen, trial);
  }

  #complete(trial: TrialRun, writes: TurnWrites): void {
    const { sweep } = trial;
    const before = sweep.best?.score ?? null;
    this.#end(trial, 'completed', null, writes);
    this.#considerBest(trial);
    if (sweep.best !== null && (before === null || improves(sweep.best.score, before, sweep.record.spec.objective))) this.#countSinceBest(sweep, 0, writes);
  }

  #end(trial: TrialRun, state: TrialState, failure: TrialFailure | null, writes: TurnWrites): void {
    creditEnd(trial, state, this.#notes());
    this.#uproot(trial);
    if (state !== 'completed') {
      giveUpEnd(trial);
      trial.length = trial.fold.epochs;
    }
    trial.phase = 'ended';
    trial.failure = failure;
    trial.sweep.open -= 1;
    trial.sweep.held.delete(trial);
    trial.sweep.promoted.delete(trial);
    trial.sweep.pruning?.leave(trial);
    if (state !== 'cancelled') this.#countSinceBest(trial.sweep, trial.sweep.spent.sinceBest + 1, writes);
    this.#setState(trial, state, writes);
    trial.sweep.proposing?.tell(toldOf(trial));
    this.#considerEnd(trial.sweep, writes);
  }

  #countSinceBest(sweep: SweepRun, trials: number, writes: TurnWrites): void {
    sweep.spent.sinceBest = trials;
    if (sweep.record.spec.budget.stagnation !== undefined) writes.spent.push(spentWrite(sweep));
  }

  /** Takes an open trial off the board. */
  #uproot(trial: TrialRun): void {
    if (trial.phase === 'train') giveUpPath(trial);
    const at = trial.nodes[trial.fold.epochs];
    if (at !== undefined) this.#standing.leave(at, trial);
    if (trial.chosen !== null) this.#standing.leave(trial.chosen, trial);
  }

  #setState(trial: TrialRun, state: TrialState, writes: TurnWrites): void {
    if (trial.state === state) return;
    trial.sweep.moved = true;
    if (trial.state === 'queued') trial.sweep.queued -= 1;
    if (state === 'queued') trial.sweep.queued += 1;
    trial.state = moveTrial(trial.state, state);
    if (state === 'running') trial.sweep.promoted.delete(trial);
    this.#note(trial, writes);
    if (isEnded(state)) {
      const { epochs, bestEpoch } = endOf(trial);
      writes.events.push({ type: `trial.${state}`, sweep: trial.sweep.record.id, trial: trial.id, detail: { number: trial.number, epochs, bestEpoch, failure: trial.failure } });
    }
  }

  #note(trial: TrialRun, writes: TurnWrites): void {
    writes.trials.push(trialWrite(trial));
  }

  #considerBest(trial: TrialRun): void {
    const { sweep } = trial;
    const score = completedScore(trial);
    if (score === null) return;
    const { objective } = sweep.record.spec;
    const scored = together({ trial, score });
    if (scored === null) return;
    if (sweep.best === null || compareScores(scored.score, sweep.best.score, objective) < 0) sweep.best = scored;
  }

  /** Where all that is open waits for its pruner, nothing more will be reported: who is not promoted now is pruned. */
  #considerEnd(sweep: SweepRun, writes: TurnWrites): void {
    if (sweep.state === 'running' && sweep.proposing?.more === true) return;
    if (sweep.open > 0 && sweep.open === sweep.held.size && sweep.state === 'running') {
      sweep.pruning?.close();
      if (this.#promoteOne(sweep, writes)) return;
      const held = [...sweep.held];
      sweep.held.clear();
      for (const trial of held) this.#end(trial, 'pruned', null, writes);
      return;
    }
    if (sweep.open > 0 || (sweep.state !== 'running' && sweep.state !== 'paused')) return;
    const state = sweep.trials.some((trial) => trial.state === 'completed') ? 'completed' : 'failed';
    sweep.state = moveSweep(sweep.state, state);
    sweep.proposing?.close();
    writes.sweeps.push({ id: sweep.record.id, state, changes: sweep.record.changes });
    writes.events.push({ type: `sweep.${state}`, sweep: sweep.record.id, trial: null, detail: { trials: sweep.trials.length } });
  }
}

const freshTrial = { state: 'queued', epochs: null, until: null, bestEpoch: null, failure: null, ahead: null } as const;
