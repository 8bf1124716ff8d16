/** Ready work of one sweep by priority: evaluations first (short, and they end trials), then what a pruner promoted, then what a person enqueued, then the longest remaining path. */
import TinyQueue from 'tinyqueue';
import type { EpochNode } from '../stage/forest.js';
import type { Ready, ReadyItem } from './model.js';

function before(a: ReadyItem, b: ReadyItem): number {
  if (a.kind !== b.kind) return a.kind === 'evaluate' ? -1 : 1;
  if (a.promoted !== b.promoted) return a.promoted ? -1 : 1;
  if (a.ahead !== b.ahead) return a.ahead - b.ahead;
  return b.remaining - a.remaining || a.order - b.order;
}

/** Each node stands in the queue at most once per kind. Items may be outdated when taken: the taker checks. */
export class ReadyQueue implements Ready {
  readonly #queue = new TinyQueue<ReadyItem>([], before);
  readonly #queued = { train: new Set<EpochNode>(), evaluate: new Set<EpochNode>() };

  get length(): number {
    return this.#queue.length;
  }

  get counts(): { readonly train: number; readonly evaluate: number } {
    return { train: this.#queued.train.size, evaluate: this.#queued.evaluate.size };
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
