/** What a sweep over pretrained weights says of a trial: its model's base and head, and what of the base an epoch trains. */
import type { BaseSettings, Freeze, Json, Transfer } from '../../proto/work.js';
import type { Assignment, TrainableSpec } from './spec.js';

/** Hyperparameters of sweeps with `weights` alone, and what they are unless they are named. */
export const TRANSFER_DEFAULTS: { readonly [hyperparameter in 'cutAt' | 'freeze' | 'baseLr' | 'unfreezeAt' | 'headPooling' | 'headUnits']: Json } = {
  cutAt: null, freeze: 'all', baseLr: { factor: 1 }, unfreezeAt: null, headPooling: 'average', headUnits: 0,
};

const inForce = (assignment: Assignment): { readonly [name in keyof typeof TRANSFER_DEFAULTS]: Json } => ({ ...TRANSFER_DEFAULTS, ...assignment });

export type ImageSpec = Extract<TrainableSpec, { kind: 'image-classifier' }>;

/** Undefined for a sweep without weights; null where its weights were not looked at. */
export function transferOf({ weights }: ImageSpec, assignment: Assignment): Transfer | null | undefined {
  if (weights === undefined) return undefined;
  if (weights.blob === undefined) return null;
  const { cutAt, headPooling, headUnits } = inForce(assignment);
  const hidden = Array.isArray(headUnits) ? (headUnits as readonly number[]) : headUnits === 0 ? [] : [Number(headUnits)];
  return { weights: weights.blob, cutAt: cutAt as string | null, pooling: headPooling as Transfer['pooling'], hidden };
}

/** What is in force for the base in an epoch; undefined for a sweep without weights. */
export function baseSettings({ weights }: ImageSpec, assignment: Assignment, epoch: number): BaseSettings | undefined {
  if (weights === undefined) return undefined;
  const { freeze, unfreezeAt, baseLr } = inForce(assignment);
  const thawed = unfreezeAt !== null && epoch >= Number(unfreezeAt);
  const frozen = thawed ? 'none' : (freeze as Freeze);
  // Where nothing of the base is trained, its rate is nobody's.
  if (frozen === 'all') return { freeze: frozen };
  if (typeof baseLr === 'number') return { freeze: frozen, lr: Math.fround(baseLr) };
  const { factor } = baseLr as { readonly factor: number };
  return { freeze: frozen, ...(factor === 1 ? {} : { lrFactor: factor }) };
}
