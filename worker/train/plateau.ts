/** A rate that goes down where a metric stops improving: PlateauRule over one path's epochs, step by step. Pure. */
import type { EpochResult, Json, PlateauRule } from '../../proto/work.js';
import { DataError } from '../data/data-error.js';

/** What the rule goes on from at the end of an epoch: part of the training's state. */
export interface PlateauState {
  /** In force in the next epoch; float32. */
  readonly rate: number;
  /** The best value so far; null before any. */
  readonly best: number | null;
  /** Epochs since then that count. */
  readonly wait: number;
  /** Epochs that will not count, from the last reduction on. */
  readonly cooldown: number;
}

/** `rate` is the schedule's own, before any reduction. */
export function plateauBegin(rate: number): PlateauState {
  return { rate, best: null, wait: 0, cooldown: 0 };
}

/**
 * After an epoch with `result`. As Keras' ReduceLROnPlateau (3.15, on_epoch_end), but that an epoch without
 * the metric counts as one that did not improve.
 */
export function plateauAfter(rule: PlateauRule, state: PlateauState, { metrics }: Pick<EpochResult, 'metrics'>): PlateauState {
  const value = metrics[rule.monitor];
  const cooldown = Math.max(0, state.cooldown - 1);
  const before = state.cooldown > 0 ? 0 : state.wait;
  if (value !== undefined && improves(rule, value, state.best)) return { ...state, best: value, wait: 0, cooldown };
  if (cooldown > 0) return { ...state, wait: before, cooldown };
  const wait = before + 1;
  if (wait < rule.patience || state.rate <= Math.fround(rule.final)) return { ...state, wait, cooldown };
  return { rate: Math.fround(Math.max(state.rate * rule.factor, rule.final)), best: state.best, wait: 0, cooldown: rule.cooldown };
}

function improves({ monitor, minDelta }: PlateauRule, value: number, best: number | null): boolean {
  if (best === null) return true;
  return monitor.endsWith('.loss') ? value < best - minDelta : value > best + minDelta;
}

export function plateauJson(state: PlateauState): Json {
  return { ...state };
}

/** Throws DataError where it is none. */
export function plateauFrom(json: Json): PlateauState {
  const state = json as Partial<PlateauState> | null;
  const isWhole = state !== null && typeof state === 'object' && [state.rate, state.wait, state.cooldown].every((field) => typeof field === 'number') && (state.best === null || typeof state.best === 'number');
  if (!isWhole) throw new DataError('the checkpoint does not say how its learning rate was reduced');
  return state as PlateauState;
}
