/**
 * Hands out what is ready, as far as there is room: which work goes to which worker, and the lease and
 * the offer that follow. Of several running sweeps, placement/fair-share.ts says whose work is next. Work
 * that needs a box to itself reserves one until that is idle.
 */
import type { CoordinatorMessage } from '../../proto/messages.js';
import type { EpochKey } from '../../proto/work.js';
import { placeAhead, takesAhead, type QueueingBox } from '../placement/ahead.js';
import { leasesLeft, nextInLine } from '../placement/fair-share.js';
import { memoryAsk, type MemoryPeaks } from '../placement/memory.js';
import { fits, hasRoom, place, type Need } from '../placement/place.js';
import { whyNowhere, type WaitReason } from '../placement/waiting.js';
import { cutSpan, isStateless, keepOf, type EpochNode } from '../stage/forest.js';
import type { TurnWrites } from '../store/turn-writes.js';
import type { AttemptLedger } from './attempt-ledger.js';
import type { Board } from './board.js';
import { boxOf, contenderOf, isOpen, mayServe, startNode } from './boxes.js';
import { epochsLeft, payersOf, withinBudget } from './budget.js';
import { blobsOf } from './leased-blobs.js';
import { goalOf, type Attempt, type ReadyItem, type SweepRun, type TrialRun, type WorkerRun } from './model.js';
import { nobodyWaits, type PlacementKind, type TurnNotes, type Waiting } from './notes.js';
import { awaitFrom, evaluateWork, trainWork } from './work.js';

/** What waits at a busy box for so long is called back once another is idle. */
const CALL_BACK_MS = 500;

/** The part of the dispatcher that handing out reads and changes. */
export interface HandOutContext {
  readonly board: Board;
  readonly ledger: AttemptLedger;
  readonly workers: ReadonlyMap<string, WorkerRun>;
  readonly peaks: MemoryPeaks;
  readonly writes: TurnWrites;
  readonly notes: TurnNotes;
  readonly options: { readonly checkpointEveryMs: number; readonly newId: (prefix: 'att' | 'stg') => string; readonly newToken: () => string };
  send(worker: WorkerRun, message: CoordinatorMessage): void;
}

/** Ready work that found no place in a turn, and what it waits for. */
interface Aside {
  readonly item: ReadyItem;
  readonly reason: WaitReason;
}

export class HandOut {
  readonly #context: HandOutContext;
  /** Ready work by what it waits for, as the last turn left it, and when that was, on the leader's clock. */
  waiting: Waiting = nobodyWaits();
  #settledAt: number | null = null;

  constructor(context: HandOutContext) {
    this.#context = context;
  }

  /** Hands out what is ready, as far as there is room; then what may wait at a worker for its next free slot. */
  settle(now: number): void {
    const { board, workers, writes } = this.#context;
    this.#countWait(now);
    for (const worker of workers.values()) if (worker.reserved !== null && !this.#isReserved(worker)) worker.reserved = null;
    const boxes = new Map<string, QueueingBox>();
    for (const worker of workers.values()) if (isOpen(worker) && now < worker.deadline) boxes.set(worker.id, boxOf(worker));
    board.promote((sweep) => roomFor(sweep, boxes.values(), now), writes);
    const aside = this.#fillSlots(boxes, now);
    // Whoever waits for a box to be idle would wait longer.
    if (aside.length === 0) this.#fillAhead(boxes, now);
    for (const { item } of aside) item.sweep.ready.push(item);
    this.waiting = this.#whatWaits(aside, boxes.size, now);
    if (nextInLine(this.#contenders(now)) === null) this.#callBack(boxes, now);
  }

  /** Adds the time since the last turn for all that it left waiting. */
  #countWait(now: number): void {
    const elapsed = now - (this.#settledAt ?? now);
    this.#settledAt = now;
    const { waitedMs } = this.#context.notes;
    for (const reason of Object.keys(this.waiting) as WaitReason[]) waitedMs[reason] += this.waiting[reason] * elapsed;
  }

  /** What was looked at has its own reason; the rest of a sweep's queue waits for its turn. */
  #whatWaits(aside: readonly Aside[], connected: number, now: number): Waiting {
    const waiting = nobodyWaits();
    const looked = new Map<SweepRun, number>();
    for (const { item, reason } of aside) {
      waiting[reason] += 1;
      looked.set(item.sweep, (looked.get(item.sweep) ?? 0) + 1);
    }
    for (const sweep of this.#context.board.sweeps.values()) {
      if (sweep.state !== 'running') continue;
      const reason = connected === 0 ? 'worker' : leasesLeft(contenderOf(sweep, now)) > 0 ? 'slot' : 'concurrency';
      waiting[reason] += Math.max(0, sweep.ready.length - (looked.get(sweep) ?? 0));
    }
    return waiting;
  }

  /** What could not be placed. */
  #fillSlots(boxes: Map<string, QueueingBox>, now: number): Aside[] {
    const { notes, workers } = this.#context;
    const aside: Aside[] = [];
    const open = new Map([...boxes].filter(([, box]) => hasRoom(box)));
    while (open.size > 0) {
      const item = this.#next(now);
      if (item === null) break;
      if (!this.#isAffordable(item)) {
        aside.push({ item, reason: 'budget' });
        continue;
      }
      const start = startNode(item);
      const need = this.#needOf(item, start, boxes);
      const placement = place(need, [...(need.alone ? boxes : open).values()]);
      const worker = placement.kind === 'wait' ? undefined : workers.get(placement.box);
      if (placement.kind === 'place' && worker !== undefined) {
        this.#unreserve(start.key);
        this.#grant(item, start, worker, need.alone ? 'alone' : worker.id === need.near ? 'near' : 'idlest', now);
      } else {
        if (placement.kind === 'reserve' && worker !== undefined) {
          if (worker.reserved?.key !== start.key) notes.placed.reserved += 1;
          worker.reserved = { item, key: start.key };
        }
        aside.push({ item, reason: whyNowhere(need, [...boxes.values()]) });
      }
      if (worker === undefined) continue;
      const box = boxOf(worker);
      boxes.set(worker.id, box);
      if (!hasRoom(box)) open.delete(worker.id);
    }
    return aside;
  }

  /** In the same order: as soon as what is next may not wait anywhere, nothing does, since it would take the slot that a sweep is owed. */
  #fillAhead(boxes: Map<string, QueueingBox>, now: number): void {
    const { workers } = this.#context;
    if (![...boxes.values()].some((box) => takesAhead(box, 0))) return;
    for (let item = this.#next(now); item !== null; item = this.#next(now)) {
      const start = startNode(item);
      const goesAhead = item.kind === 'train' && this.#isAffordable(item);
      const expectedMs = goesAhead ? item.sweep.pace.expectedMs(this.#spanOf(item, start).length) : null;
      const id = expectedMs === null ? null : placeAhead(this.#needOf(item, start, boxes), [...boxes.values()], expectedMs);
      const worker = id === null ? undefined : workers.get(id);
      if (worker === undefined) {
        item.sweep.ready.push(item);
        return;
      }
      this.#grant(item, start, worker, 'ahead', now);
      boxes.set(worker.id, boxOf(worker));
    }
  }

  /** Asks for stages back that wait at a busy box while another one has slots and no work. */
  #callBack(boxes: ReadonlyMap<string, QueueingBox>, now: number): void {
    const free = [...boxes.values()].filter(hasRoom);
    let room = free.reduce((sum, box) => sum + box.slots - box.busy, 0);
    for (const box of boxes.values()) {
      if (room === 0) return;
      if (box.waiting === 0 || hasRoom(box)) continue;
      for (const attempt of this.#context.workers.get(box.id)?.attempts.values() ?? []) {
        const first = attempt.nodes[0];
        if (room === 0 || attempt.cancelled || attempt.begunAt !== null || now - attempt.leasedAt < CALL_BACK_MS || first === undefined) continue;
        const need = this.#needOf({ kind: attempt.kind, sweep: attempt.sweep }, first, boxes);
        if (!free.some((other) => fits(need, other))) continue;
        attempt.cancelled = true;
        room -= 1;
        this.#context.notes.placed['called-back'] += 1;
        this.#context.send(attempt.worker, { kind: 'cancel', attempt: attempt.id, how: 'release' });
      }
    }
  }

  /** The first item that is still to be done, of the sweep that is next in line. */
  #next(now: number): ReadyItem | null {
    const { board } = this.#context;
    for (let next = nextInLine(this.#contenders(now)); next !== null; next = nextInLine(this.#contenders(now))) {
      const item = next.sweep.ready.take();
      if (item !== undefined && board.isReady(item)) return item;
    }
    return null;
  }

  /** Running sweeps that have ready work. */
  #contenders(now: number): ReturnType<typeof contenderOf>[] {
    const waiting = [...this.#context.board.sweeps.values()].filter(({ state, ready }) => state === 'running' && ready.length > 0);
    return waiting.map((sweep) => contenderOf(sweep, now));
  }

  #needOf({ kind, sweep }: { readonly kind: ReadyItem['kind']; readonly sweep: SweepRun | null }, start: EpochNode, boxes: ReadonlyMap<string, QueueingBox>): Need {
    const { key, trajectory, parent } = start;
    const need = { key, workers: sweep?.record.spec.workers ?? null, numerics: trajectory.numerics, memoryBytes: this.#memoryOf(kind, start), alone: this.#needsAlone(kind, start, sweep), avoid: this.#context.ledger.failedAt(key), near: parent?.lastWorker ?? null };
    // Where it has failed everywhere, it is tried anywhere.
    if (need.avoid.size === 0 || [...boxes.values()].some((box) => fits(need, box))) return need;
    return { ...need, avoid: new Set() };
  }

  /** As far as one attempt may run, and the budget of its sweep goes. */
  #spanOf({ node, sweep }: ReadyItem, start: EpochNode): readonly EpochNode[] {
    return withinBudget(cutSpan(start, node), epochsLeft(sweep, () => this.#context.ledger.live()));
  }

  #grant(item: ReadyItem, start: EpochNode, worker: WorkerRun, how: PlacementKind, now: number): void {
    const { board, ledger, notes, options, writes } = this.#context;
    const alone = how === 'alone';
    notes.placed[how] += 1;
    const trials = runningAt(board, item.node);
    const { sweep } = item;
    // The one that it is leased for goes first: by that a next leader knows whom it counts for.
    const sweeps = new Set([sweep, ...trials.map((trial) => trial.sweep)]);
    const live = (): readonly Attempt[] => ledger.live();
    const nodes = item.kind === 'train' ? this.#spanOf(item, start) : [item.node];
    const payers = payersOf(sweeps, nodes, live);
    const ids = { id: options.newId('att'), token: options.newToken() };
    const keep = item.kind === 'train' ? keepOf(nodes) : new Set<number>();
    const span = { nodes, next: 0, keep, due: new Map<number, number>(), evaluate: evaluatedBy(board, nodes) };
    const answers = awaitFrom(start.epoch + nodes.length, trials);
    const attempt: Attempt = { ...ids, ...span, payers, kind: item.kind, worker, alone, blobs: { datasets: [], others: [] }, awaitFrom: answers, sweep, share: sweep.share, begunAt: null, leasedAt: now, expectedMs: sweep.pace.expectedMs(nodes.length) ?? 0, cancelled: false, progress: null };
    ledger.begin(attempt);
    const keys: readonly EpochKey[] = nodes.map((node) => node.key);
    writes.grants.push({ attempt: ids.id, token: ids.token, stage: options.newId('stg'), worker: worker.id, kind: item.kind, keys, from: start.epoch, alone, payers: [...payers].map((payer) => payer.record.id) });
    const limits = { memoryBytes: alone ? null : worker.slotMemoryBytes, checkpointEveryMs: options.checkpointEveryMs };
    const work = item.kind === 'train' ? trainWork(attempt, trials, limits) : evaluateWork(item.node, trials, limits);
    attempt.blobs = blobsOf(work);
    this.#context.send(worker, { kind: 'offer', attempt: ids.id, token: ids.token, work });
  }

  /** Whether its sweep has a new epoch left, where it takes one. */
  #isAffordable({ kind, node, sweep }: ReadyItem): boolean {
    return kind === 'evaluate' || node.result !== null || epochsLeft(sweep, () => this.#context.ledger.live()) > 0;
  }

  #isReserved({ reserved }: WorkerRun): boolean {
    return reserved !== null && this.#context.board.isReady(reserved.item) && startNode(reserved.item).key === reserved.key && this.#needsAlone(reserved.item.kind, startNode(reserved.item), reserved.item.sweep);
  }

  #memoryOf(kind: ReadyItem['kind'], { trajectory, settings }: EpochNode): number | null {
    const ask = kind === 'train' ? memoryAsk(trajectory, settings) : null;
    return ask === null ? null : this.#context.peaks.needOf(ask);
  }

  /** It ran out of memory beside others, or is known to need more than any slot that could take it has. */
  #needsAlone(kind: ReadyItem['kind'], start: EpochNode, sweep: SweepRun | null): boolean {
    if (this.#context.ledger.needsAlone(start.key)) return true;
    const need = this.#memoryOf(kind, start);
    if (need === null) return false;
    const slots = [...this.#context.workers.values()].filter((worker) => isOpen(worker) && mayServe(worker, sweep) && worker.numerics.has(start.trajectory.numerics)).map(({ slotMemoryBytes }) => slotMemoryBytes);
    return slots.length > 0 && need > Math.max(...slots);
  }

  #unreserve(key: EpochKey): void {
    for (const worker of this.#context.workers.values()) if (worker.reserved?.key === key) worker.reserved = null;
  }
}

function runningAt(board: Board, node: EpochNode): TrialRun[] {
  return [...board.standingAt(node), ...board.waitingForEvaluation(node)].filter((trial) => trial.sweep.state === 'running');
}

/** How many stages of a sweep would find a place now: its pruner need not let more trials go on. */
function roomFor(sweep: SweepRun, boxes: Iterable<QueueingBox>, now: number): number {
  const expectedMs = sweep.pace.expectedMs(1);
  let room = 0;
  for (const box of boxes) {
    if (hasRoom(box)) room += box.slots - box.busy;
    if (expectedMs !== null && takesAhead(box, expectedMs)) room += box.slots;
  }
  return Math.min(room, leasesLeft(contenderOf(sweep, now)));
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
