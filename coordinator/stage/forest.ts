/**
 * The stage tree: all trajectories of the open sweeps as one forest of epochs, and the stages cut from it.
 *
 * The idea: an epoch key names an epoch by all that determines it, so trials that agree up to an epoch
 * pass through the same nodes. What lasts is the node (its result, perhaps a checkpoint). A stage is
 * only a span of nodes that one attempt trains; it is cut when it is leased and not before, so cutting
 * again after any change costs nothing and nobody holds what is recut.
 *
 * Invariants
 * - A node is recorded only after its parent is.
 * - `wanted` counts the open trials whose path passes through the node and has not ended before it.
 * - Two live spans overlap only where one of them trains recorded epochs again to reach a lost state.
 *
 * Rejected: planning the whole tree afresh on every change (O(nodes) per report: 40 ms at 10,000
 * trials of 10 epochs); storing waiting stages as rows (each branch would rewrite them).
 */
import type { BlobId, EpochKey, EpochResult, EpochSettings, EvaluatedPart, EvaluationResult, Trajectory } from '../../proto/work.js';

export interface EpochNode {
  readonly key: EpochKey;
  readonly epoch: number;
  readonly parent: EpochNode | null;
  readonly trajectory: Trajectory;
  readonly settings: EpochSettings;
  /** Grown by `adopt`. */
  children: EpochNode[];
  result: EpochResult | null;
  seconds: number;
  params: number;
  msPerImage: number | null;
  checkpoint: BlobId | null;
  /** Open trials that still need this epoch, or an epoch after it. */
  wanted: number;
  /** Trials whose path ends here, completed ones included: its checkpoint is kept. */
  ends: number;
  /** Trials for which this is the best epoch so far, or the chosen one: its checkpoint is kept. */
  pins: number;
  /** Replaced by `addEvaluation`. */
  evaluations: ReadonlyMap<EvaluatedPart, EvaluationResult>;
  /** Live attempts that will evaluate this node. */
  evaluating: number;
  /** Live spans that cover this node; seldom more than one. */
  spans: Span[];
  /** Attempt that recorded it; null while there is no result. */
  recordedBy: string | null;
  /** Worker that last held the weights of this epoch. */
  lastWorker: string | null;
  /** Whether it is somebody's already: of a trial that has ended, or recorded before the sweep came that took it in. Another trial that ends with it on its path has shared it. */
  credited: boolean;
}

/** The nodes of one attempt's lease, in epoch order. */
export interface Span {
  readonly nodes: readonly EpochNode[];
  /** Epochs whose checkpoint the attempt was told to keep. */
  readonly keep: Set<number>;
  /** Index of the first node that this attempt has not reported yet. */
  next: number;
}

export type Start =
  /** Train from here: the first epoch of the tree, or the one after a kept checkpoint. */
  | { readonly kind: 'from'; readonly node: EpochNode }
  /** A live span trains it now, or will leave the checkpoint that it needs: `by` says at which node. */
  | { readonly kind: 'covered'; readonly by: EpochNode };

export class Forest {
  readonly #nodes = new Map<EpochKey, EpochNode>();

  get(key: EpochKey): EpochNode | undefined {
    return this.#nodes.get(key);
  }

  /** The nodes of a path, made where missing. */
  grow(path: readonly EpochKey[], settings: readonly EpochSettings[], trajectory: Trajectory): EpochNode[] {
    let parent: EpochNode | null = null;
    const nodes: EpochNode[] = [];
    path.forEach((key, epoch) => {
      let node = this.#nodes.get(key);
      if (node === undefined) {
        const inForce = settings[epoch];
        if (inForce === undefined) throw new Error(`epoch ${epoch} of a path has no settings`);
        node = newNode(key, epoch, parent, trajectory, inForce);
        this.#nodes.set(key, node);
        if (parent !== null) adopt(parent, node);
      }
      nodes.push(node);
      parent = node;
    });
    return nodes;
  }

  /** Forgets the nodes of a path, from its end, that no trial and no span needs any more. */
  prune(path: readonly EpochNode[]): void {
    for (const node of [...path].reverse()) {
      if (node.wanted > 0 || node.ends > 0 || node.pins > 0 || node.spans.length > 0 || node.children.length > 0) return;
      this.#nodes.delete(node.key);
      const siblings = node.parent?.children;
      siblings?.splice(siblings.indexOf(node), 1);
    }
  }
}

/** Few of the nodes are ever evaluated, and an empty map of one's own is as large as the rest of a node. */
const NO_EVALUATIONS: ReadonlyMap<EvaluatedPart, EvaluationResult> = new Map();

export function addEvaluation(node: EpochNode, part: EvaluatedPart, result: EvaluationResult): void {
  node.evaluations = new Map(node.evaluations).set(part, result);
}

/** An array that is pushed to takes room for sixteen more at once, and nearly every epoch has one child. */
function adopt(parent: EpochNode, child: EpochNode): void {
  if (parent.children.length === 0) parent.children = [child];
  else parent.children.push(child);
}

/** One literal, so that the engine gives every node the same shape: there are millions, and reports read them. */
function newNode(key: EpochKey, epoch: number, parent: EpochNode | null, trajectory: Trajectory, settings: EpochSettings): EpochNode {
  return {
    key,
    epoch,
    parent,
    trajectory,
    settings,
    children: [],
    result: null,
    seconds: 0,
    params: 0,
    msPerImage: null,
    checkpoint: null,
    wanted: 0,
    ends: 0,
    pins: 0,
    evaluations: NO_EVALUATIONS,
    evaluating: 0,
    spans: [],
    recordedBy: null,
    lastWorker: null,
    credited: false,
  };
}

/** Trainables whose every epoch is a pure function of epoch and settings need no checkpoint to go on. */
export function isStateless(trajectory: Trajectory): boolean {
  return trajectory.trainable === 'synthetic';
}

/** Position of a node in a span that covers it. */
export function indexIn(span: Span, node: EpochNode): number {
  return node.epoch - (span.nodes[0]?.epoch ?? 0);
}

/** Whether a live span has still to train this node. */
export function isCovered(node: EpochNode): boolean {
  return node.spans.some((span) => indexIn(span, node) >= span.next);
}

/** Whether a live span was told to keep this node's checkpoint and has not brought it yet. */
export function checkpointComes(node: EpochNode): boolean {
  return node.checkpoint === null && node.spans.some((span) => span.keep.has(node.epoch));
}

/**
 * Where training must begin so that `goal` gets trained: right there if its parent's state is at hand,
 * else after the nearest kept checkpoint before it.
 */
export function startFor(goal: EpochNode): Start {
  if (isCovered(goal)) return { kind: 'covered', by: goal };
  let node = goal;
  while (node.parent !== null && !isStateless(node.trajectory)) {
    const parent: EpochNode = node.parent;
    if (parent.checkpoint !== null) break;
    if (checkpointComes(parent)) return { kind: 'covered', by: parent };
    node = parent;
  }
  return { kind: 'from', node };
}

/**
 * The span that trains `goal` beginning at `start` (an ancestor or itself), extended as far as one
 * attempt may run: to the next branch, the end of an open trial, or an epoch that is taken.
 */
export function cutSpan(start: EpochNode, goal: EpochNode): EpochNode[] {
  const nodes: EpochNode[] = [];
  for (let node: EpochNode | null = goal; node !== null; node = node.parent) {
    nodes.push(node);
    if (node === start) break;
  }
  nodes.reverse();
  let last = goal;
  while (last.ends === 0) {
    const wanted = last.children.filter((child) => child.wanted > 0);
    const next = wanted[0];
    if (wanted.length !== 1 || next?.result !== null || isCovered(next)) break;
    nodes.push(next);
    last = next;
  }
  return nodes;
}

/** Whether the state at this epoch will surely be wanted: a trial ends here, or several go on from here. */
export function mustKeep(node: EpochNode): boolean {
  if (isStateless(node.trajectory)) return false;
  return node.ends > 0 || node.children.reduce((branches, child) => branches + (child.wanted > 0 ? 1 : 0), 0) > 1;
}

/** Epochs of a span whose checkpoint is wanted for certain: its last, ends and branch points. */
export function keepOf(nodes: readonly EpochNode[]): Set<number> {
  const keep = new Set<number>();
  nodes.forEach((node, index) => {
    const last = index === nodes.length - 1 && !isStateless(node.trajectory);
    if (node.checkpoint === null && (last || mustKeep(node))) keep.add(node.epoch);
  });
  return keep;
}

/**
 * The checkpoint before `node` on its path, if nothing needs it now that `node` has one: no trial ends
 * there, none has it as its best, and whoever goes on from there has passed through `node`.
 */
export function superseded(node: EpochNode): EpochNode | null {
  const goesElsewhere = (from: EpochNode, along: EpochNode): boolean => from.children.some((child) => child !== along && child.wanted > 0);
  let along = node;
  for (let before = node.parent; before !== null; before = before.parent) {
    if (goesElsewhere(before, along)) return null;
    if (before.checkpoint !== null) return before.pins > 0 || mustKeep(before) ? null : before;
    along = before;
  }
  return null;
}
