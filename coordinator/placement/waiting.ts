/** Why ready work waits. Pure. */
import { fits, mayUse, reproduces, type Box, type Need } from './place.js';

export type WaitReason =
  /** No worker is connected. */
  | 'worker'
  /** None of those that are is one that its sweep may use. */
  | 'pool'
  /** None of those has the engine of its trajectory. */
  | 'engine'
  /** It is known to need more memory than any slot has. */
  | 'memory'
  /** It needs a box to itself, and waits until one is idle. */
  | 'alone'
  /** Every slot that could take it is taken. */
  | 'slot'
  /** Its sweep has as many stages as it may have at once. */
  | 'concurrency'
  /** What is left of its sweep's budget is spoken for. */
  | 'budget';

/** `boxes`: all that are connected. */
export function whyNowhere(need: Need, boxes: readonly Box[]): WaitReason {
  if (boxes.length === 0) return 'worker';
  if (!boxes.some((box) => mayUse(need, box))) return 'pool';
  const able = boxes.filter((box) => reproduces(need, box));
  if (able.length === 0) return 'engine';
  if (need.alone) return 'alone';
  return able.some((box) => fits(need, box)) ? 'slot' : 'memory';
}
