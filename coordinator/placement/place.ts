/** Where ready work goes. Pure: facts about the boxes in, a decision out. */

import { isSelected, type WorkerSelector } from './selector.js';

export interface Box {
  readonly id: string;
  readonly pool: string | null;
  readonly labels: { readonly [key: string]: string };
  readonly slots: number;
  readonly busy: number;
  readonly numerics: ReadonlySet<string>;
  readonly memoryBytes: number;
  /** What a training beside others may take. */
  readonly slotMemoryBytes: number;
  /** It runs an attempt that needs the whole box. */
  readonly exclusive: boolean;
  /** Retry that the box is kept free for. */
  readonly reservedFor: string | null;
}

export interface Need {
  /** Names the work for reservations: the key of its epoch. */
  readonly key: string;
  /** Which boxes its sweep may use; null for all. */
  readonly workers: WorkerSelector | null;
  /** 'none' runs anywhere; else a trajectory stays on its numerics. */
  readonly numerics: string;
  /** It takes at least so much; null where nothing is known. */
  readonly memoryBytes: number | null;
  /** Needs a box to itself. */
  readonly alone: boolean;
  /** Boxes where it failed, as long as another one could do it: a stage that fails at three workers shall have had three. */
  readonly avoid: ReadonlySet<string>;
  /** Box that holds the weights to begin with, if known. */
  readonly near: string | null;
}

export type Placement =
  | { readonly kind: 'place'; readonly box: string }
  /** Keep this box free until it is idle. */
  | { readonly kind: 'reserve'; readonly box: string }
  | { readonly kind: 'wait' };

export function hasRoom(box: Box): boolean {
  return !box.exclusive && box.busy < box.slots;
}

/** Whether a slot of the box can do it beside others, free or not. */
export function fits(need: Need, box: Box): boolean {
  return reproduces(need, box) && !need.avoid.has(box.id) && !need.alone && (need.memoryBytes ?? 0) <= box.slotMemoryBytes;
}

export function place(need: Need, boxes: readonly Box[]): Placement {
  if (need.alone) return placeAlone(need, boxes.filter((box) => reproduces(need, box)));
  const free = boxes.filter((box) => fits(need, box) && hasRoom(box) && box.reservedFor === null);
  const near = free.find((box) => box.id === need.near);
  const idlest = free.reduce<Box | undefined>((best, box) => (best === undefined || box.busy / box.slots < best.busy / best.slots ? box : best), undefined);
  const chosen = near ?? idlest;
  return chosen === undefined ? { kind: 'wait' } : { kind: 'place', box: chosen.id };
}

/** Whether its sweep may use the box. */
export function mayUse({ workers }: Need, box: Box): boolean {
  return workers === null || isSelected(workers, box);
}

/** Whether the box has the engine of its trajectory, and its sweep may use it. */
export function reproduces(need: Need, box: Box): boolean {
  return (need.numerics === 'none' || box.numerics.has(need.numerics)) && mayUse(need, box);
}

function placeAlone(need: Need, fit: readonly Box[]): Placement {
  const open = fit.filter((box) => box.slots > 0 && !box.exclusive && (box.reservedFor === null || box.reservedFor === need.key));
  const reserved = open.find((box) => box.reservedFor === need.key);
  // It did not fit beside others: only the largest boxes are worth waiting for, the idlest of them first.
  const most = Math.max(...fit.map((box) => (box.slots > 0 ? box.memoryBytes : 0)));
  const candidates = reserved === undefined ? open.filter((box) => box.memoryBytes === most) : [reserved];
  const least = candidates.reduce<Box | undefined>((best, box) => (best === undefined || box.busy < best.busy ? box : best), undefined);
  if (least === undefined) return { kind: 'wait' };
  return { kind: least.busy === 0 ? 'place' : 'reserve', box: least.id };
}
