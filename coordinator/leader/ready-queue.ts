/** Ready work by priority: evaluations first (short, and they end trials), then what a pruner promoted, then what a person enqueued, then the longest remaining path. */
import TinyQueue from 'tinyqueue';
import type { EpochNode } from '../stage/forest.js';

export interface ReadyItem {
  readonly kind: 'train' | 'evaluate';
  /** train: the epoch to reach. evaluate: the epoch to evaluate. */
  readonly node: EpochNode;
  /** Whether a pruner has promoted a trial that waits: it goes before trials that have not begun. */
  readonly promoted: boolean;
  /** Least place of a trial that waits among those that a person enqueued; infinite where there is none. */
  readonly ahead: number;
  /** Epochs from here to the end of the longest trial that waits. */
  readonly remaining: number;
  /** Least trial number that waits: ties go by it. */
  readonly order: number;
}

function before(a: ReadyItem, b: ReadyItem): number {
  if (a.kind !== b.kind) return a.kind === 'evaluate' ? -1 : 1;
  if (a.promoted !== b.promoted) return a.promoted ? -1 : 1;
  if (a.ahead !== b.ahead) return a.ahead - b.ahead;
  return b.remaining - a.remaining || a.order - b.order;
}

/** Each node stands in the queue at most once per kind. Items may be outdated when taken: the taker checks. */
export class ReadyQueue {
  readonly #queue = new TinyQueue<ReadyItem>([], before);
  readonly #queued = { train: new Set<EpochNode>(), evaluate: new Set<EpochNode>() };

  get length(): number {
    return this.#queue.length;
  }

  push(item: ReadyItem): void {
    if (this.#queued[item.kind].has(item.node)) return;
    this.#queued[item.kind].add(item.node);
    this.#queue.push(item);
  }

  take(): ReadyItem | undefined {
    const item = this.#queue.pop();
    if (item !== undefined) this.#queued[item.kind].delete(item.node);
    return item;
  }
}
