/**
 * Hands out what is ready, as far as there is room: which work goes to which worker, and the lease and
 * the offer that follow. Work that needs a box to itself reserves one until that is idle.
 */
import type { CoordinatorMessage } from '../../proto/messages.js';
import type { EpochKey } from '../../proto/work.js';
import { memoryAsk, type MemoryPeaks } from '../placement/memory.js';
import { hasRoom, place } from '../placement/place.js';
import { cutSpan, isStateless, keepOf, type EpochNode } from '../stage/forest.js';
import type { TurnWrites } from '../store/store.js';
import type { AttemptLedger } from './attempt-ledger.js';
import type { Board } from './board.js';
import { boxOf, startNode } from './boxes.js';
import { epochsLeft, payersOf, withinBudget } from './budget.js';
import { goalOf, type Attempt, type SweepRun, type WorkerRun } from './model.js';
import type { ReadyItem } from './ready-queue.js';
import { awaitFrom, evaluateWork, trainWork } from './work.js';

/** The part of the dispatcher that handing out reads and changes. */
export interface HandOutContext {
  readonly board: Board;
  readonly ledger: AttemptLedger;
  readonly workers: ReadonlyMap<string, WorkerRun>;
  readonly peaks: MemoryPeaks;
  readonly writes: TurnWrites;
  readonly options: { readonly checkpointEveryMs: number; readonly newId: (prefix: 'att' | 'stg') => string; readonly newToken: () => string };
  send(worker: WorkerRun, message: CoordinatorMessage): void;
}

export class HandOut {
  readonly #context: HandOutContext;

  constructor(context: HandOutContext) {
    this.#context = context;
  }

  /** Hands out what is ready, as far as there is room. */
  settle(now: number): void {
    const listens = (worker: WorkerRun): boolean => worker.peer !== null && now < worker.deadline;
    for (const worker of this.#context.workers.values()) if (!this.#isReserved(worker)) worker.reserved = null;
    const boxes = new Map([...this.#context.workers.values()].filter(listens).map((worker) => [worker.id, boxOf(worker)]));
    const aside: ReadyItem[] = [];
    let open = [...boxes.values()].filter(hasRoom);
    this.#context.board.promote(open.reduce((slots, box) => slots + box.slots - box.busy, 0), this.#context.writes);
    while (open.length > 0) {
      const item = this.#context.board.ready.take();
      if (item === undefined) break;
      if (!this.#context.board.isReady(item)) continue;
      if (!this.#isAffordable(item)) {
        aside.push(item);
        continue;
      }
      const start = startNode(item);
      const memoryBytes = this.#memoryOf(item.kind, start);
      const alone = this.#needsAlone(item.kind, start);
      const near = start.parent?.lastWorker ?? null;
      const placement = place({ key: start.key, numerics: start.trajectory.numerics, memoryBytes, alone, near }, alone ? [...boxes.values()] : open);
      const worker = placement.kind === 'wait' ? undefined : this.#context.workers.get(placement.box);
      if (placement.kind === 'place' && worker !== undefined) {
        this.#unreserve(start.key);
        this.#grant(item, start, worker, alone);
      } else {
        if (placement.kind === 'reserve' && worker !== undefined) worker.reserved = { item, key: start.key };
        aside.push(item);
      }
      if (worker === undefined) continue;
      boxes.set(worker.id, boxOf(worker));
      open = [...boxes.values()].filter(hasRoom);
    }
    for (const item of aside) this.#context.board.ready.push(item);
  }

  #grant(item: ReadyItem, start: EpochNode, worker: WorkerRun, alone: boolean): void {
    const { board, ledger, options, writes } = this.#context;
    const trials = [...board.standingAt(item.node), ...board.waitingForEvaluation(item.node)].filter((trial) => trial.sweep.state === 'running');
    const sweeps = new Set(trials.map((trial) => trial.sweep));
    const live = ledger.live();
    const most = Math.max(...[...sweeps].map((sweep) => epochsLeft(sweep, live)));
    const nodes = item.kind === 'train' ? withinBudget(cutSpan(start, item.node), most) : [item.node];
    const payers = payersOf(sweeps, nodes, live);
    const ids = { id: options.newId('att'), token: options.newToken() };
    const keep = item.kind === 'train' ? keepOf(nodes) : new Set<number>();
    const span = { nodes, next: 0, keep, due: new Map<number, number>(), evaluate: evaluatedBy(board, nodes) };
    const answers = awaitFrom(start.epoch + nodes.length, trials);
    const attempt: Attempt = { ...ids, ...span, payers, kind: item.kind, worker, alone, awaitFrom: answers, begun: false, cancelled: false, progress: null };
    ledger.begin(attempt);
    if (item.kind === 'train') board.markRunning(item.node, writes);
    const keys: readonly EpochKey[] = nodes.map((node) => node.key);
    writes.grants.push({ attempt: ids.id, token: ids.token, stage: options.newId('stg'), worker: worker.id, kind: item.kind, keys, from: start.epoch, alone });
    const limits = { memoryBytes: alone ? null : worker.slotMemoryBytes, checkpointEveryMs: options.checkpointEveryMs };
    const work = item.kind === 'train' ? trainWork(attempt, trials, limits) : evaluateWork(item.node, trials, limits);
    this.#context.send(worker, { kind: 'offer', attempt: ids.id, token: ids.token, work });
  }

  /** Whether a sweep that wants it has a new epoch left, where it takes one. */
  #isAffordable({ kind, node }: ReadyItem): boolean {
    const { board, ledger } = this.#context;
    const pays = (sweep: SweepRun): boolean => sweep.state === 'running' && (sweep.record.spec.budget.epochs === undefined || epochsLeft(sweep, ledger.live()) > 0);
    return kind === 'evaluate' || node.result !== null || board.standingAt(node).some((trial) => pays(trial.sweep));
  }

  #isReserved({ reserved }: WorkerRun): boolean {
    return reserved !== null && this.#context.board.isReady(reserved.item) && startNode(reserved.item).key === reserved.key && this.#needsAlone(reserved.item.kind, startNode(reserved.item));
  }

  #memoryOf(kind: ReadyItem['kind'], { trajectory, settings }: EpochNode): number | null {
    const ask = kind === 'train' ? memoryAsk(trajectory, settings) : null;
    return ask === null ? null : this.#context.peaks.needOf(ask);
  }

  /** It ran out of memory beside others, or is known to need more than any slot that could take it has. */
  #needsAlone(kind: ReadyItem['kind'], start: EpochNode): boolean {
    if (this.#context.ledger.needsAlone(start.key)) return true;
    const need = this.#memoryOf(kind, start);
    const slots = [...this.#context.workers.values()].filter(({ peer, numerics }) => peer !== null && numerics.has(start.trajectory.numerics)).map(({ slotMemoryBytes }) => slotMemoryBytes);
    return need !== null && slots.length > 0 && need > Math.max(...slots);
  }

  #unreserve(key: EpochKey): void {
    for (const worker of this.#context.workers.values()) if (worker.reserved?.key === key) worker.reserved = null;
  }
}

/** Epochs that an attempt on these nodes evaluates at once: what waits for it, and the sure end of a trial. */
export function evaluatedBy(board: Board, nodes: readonly EpochNode[]): Set<number> {
  const evaluated = new Set<number>();
  const goal = goalOf({ nodes });
  const last = nodes.at(-1);
  if (board.waitingForEvaluation(goal).length > 0) evaluated.add(goal.epoch);
  if (last !== undefined && board.standingAt(goal).some((trial) => endsAt(trial, last))) evaluated.add(last.epoch);
  return evaluated;
}

/** Whether this epoch will surely be the trial's chosen one: it is the last, and no better one is kept instead. */
function endsAt(trial: { readonly sweep: SweepRun; readonly nodes: readonly EpochNode[]; readonly length: number }, node: EpochNode): boolean {
  if (trial.sweep.rule.stop?.restoreBest === true || isStateless(node.trajectory)) return false;
  return trial.nodes[trial.length - 1] === node && trial.sweep.parts.some((part) => !node.evaluations.has(part));
}
