/**
 * Leases ahead of a free slot. Between two stages of a slot lies a round trip: the report's way to the
 * coordinator, a commit, and the next offer's way back. Where stages are shorter than a second or so,
 * that idles slots; so a worker is leased some stages more than it has slots, which it begins by itself.
 * Only as much as its slots get through in a moment, since what waits at one box cannot begin at another.
 */
import { fits, type Box, type Need } from './place.js';

/** A box with what it was leased and has not begun. */
export interface QueueingBox extends Box {
  /** How many stages wait there for a slot, and how long they will take one slot, in ms. */
  readonly waiting: number;
  readonly waitingMs: number;
}

/** So much time of every slot may wait at a box: several round trips, and little to be late by. */
const AHEAD_MS = 100;
/** Stages per slot that may wait, however short they are. */
const AHEAD_PER_SLOT = 16;

/** `expectedMs`: how long a slot will be busy with it. */
export function takesAhead(box: QueueingBox, expectedMs: number): boolean {
  return box.slots > 0 && !box.exclusive && box.reservedFor === null && box.waiting < box.slots * AHEAD_PER_SLOT && box.waitingMs + expectedMs <= box.slots * AHEAD_MS;
}

/** The box that will come to it first, among those that it may wait at; null for none. */
export function placeAhead(need: Need, boxes: readonly QueueingBox[], expectedMs: number): string | null {
  let best: QueueingBox | null = null;
  for (const box of boxes) {
    if (!fits(need, box) || !takesAhead(box, expectedMs)) continue;
    if (best === null || box.waitingMs / box.slots < best.waitingMs / best.slots) best = box;
  }
  return best?.id ?? null;
}

/** How long stages of one sweep take a slot, from those that have ended. */
export class Pace {
  #msPerEpoch: number | null = null;

  /** `epochs` at least 1. The newest count most: the first stages of a child bear its start. */
  learn(ms: number, epochs: number): void {
    const measured = ms / epochs;
    this.#msPerEpoch = this.#msPerEpoch === null ? measured : this.#msPerEpoch + NEWEST_SHARE * (measured - this.#msPerEpoch);
  }

  /** Null before any has ended. */
  expectedMs(epochs: number): number | null {
    return this.#msPerEpoch === null ? null : this.#msPerEpoch * epochs;
  }
}

const NEWEST_SHARE = 0.3;
