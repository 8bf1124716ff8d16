/** Which free slot begins an order soonest. A pure decision. */
import type { Work } from '../../proto/work.js';
import { stateSignature } from '../train/signature.js';

/** What a child's memory holds: the checkpoint whose bytes its state equals, and what that state is of. */
export interface HeldState {
  readonly blob: string;
  readonly signature: string;
}

export interface SlotFacts {
  readonly held: HeldState | null;
  readonly hasChild: boolean;
}

/** Whether the work can go on from what is held, with nothing to fetch or load. */
export function continues(held: HeldState | null, work: Work): boolean {
  const { trajectory, checkpoint } = work;
  return held !== null && checkpoint !== null && trajectory.trainable === 'image-classifier' && held.blob === checkpoint && held.signature === stateSignature(trajectory);
}

function score(slot: SlotFacts, work: Work): number {
  if (continues(slot.held, work)) return 4;
  const sameModel = slot.held !== null && work.trajectory.trainable === 'image-classifier' && slot.held.signature === stateSignature(work.trajectory);
  if (sameModel) return 3;
  // A child that holds somebody else's state is left alone where another will do.
  if (slot.held !== null) return 0;
  return slot.hasChild ? 2 : 1;
}

/** The best of the free slots, the first among equals; undefined when there is none. */
export function chooseSlot<Slot extends SlotFacts>(free: readonly Slot[], work: Work): Slot | undefined {
  let best: Slot | undefined;
  let bestScore = -1;
  for (const slot of free) {
    const slotScore = score(slot, work);
    if (slotScore > bestScore) [best, bestScore] = [slot, slotScore];
  }
  return best;
}
