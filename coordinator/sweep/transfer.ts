/** What a sweep over pretrained weights says of a trial: its model's base and head, and what of the base an epoch trains. */
import type { BaseSettings, Freeze, Json, Transfer } from '../../proto/work.js';
import type { TransferBase } from '../../worker/model/base.js';
import type { Assignment, TrainableSpec } from './spec.js';

/** Hyperparameters of sweeps with `weights` alone, and what they are unless they are named. */
export const TRANSFER_DEFAULTS: { readonly [hyperparameter in 'cutAt' | 'freeze' | 'baseLr' | 'unfreezeAt' | 'headPooling' | 'headUnits']: Json } = {
  cutAt: null, freeze: 'all', baseLr: { factor: 1 }, unfreezeAt: null, headPooling: 'average', headUnits: 0,
};

const inForce = (assignment: Assignment): { readonly [name in keyof typeof TRANSFER_DEFAULTS]: Json } => ({ ...TRANSFER_DEFAULTS, ...assignment });

export type ImageSpec = Extract<TrainableSpec, { kind: 'image-classifier' }>;

/** Undefined for a sweep without weights; null where its weights were not looked at. `base`: of the assignment, null where it cannot be built. */
export function transferOf({ weights }: ImageSpec, assignment: Assignment, base: TransferBase | null): Transfer | null | undefined {
  if (weights === undefined) return undefined;
  if (weights.blob === undefined) return null;
  const { cutAt, headPooling, headUnits } = inForce(assignment);
  const hidden = Array.isArray(headUnits) ? (headUnits as readonly number[]) : headUnits === 0 ? [] : [Number(headUnits)];
  // The usual cut by its name is the usual cut.
  return { weights: weights.blob, cutAt: cutAt === base?.usualCut ? null : (cutAt as string | null), pooling: headPooling as Transfer['pooling'], hidden };
}

/** The rate of an epoch, rounded to float32: from `from` to `to` over its steps. `reacts` where metrics may reduce it. */
interface Rate {
  readonly from: number;
  readonly to: number;
  readonly reacts: boolean;
}

/** What is in force for the base in an epoch; undefined for a sweep without weights. What comes to the same is the same, however it is written. */
export function baseSettings({ weights }: ImageSpec, assignment: Assignment, base: TransferBase | null, epoch: number, rate: Rate): BaseSettings | undefined {
  if (weights === undefined) return undefined;
  const { freeze, unfreezeAt, baseLr } = inForce(assignment);
  const thawed = unfreezeAt !== null && epoch >= Number(unfreezeAt);
  const frozen = thawed ? 'none' : frozenOf(freeze as Freeze, base);
  // Where nothing of the base is trained, its rate is nobody's.
  if (frozen === 'all') return { freeze: frozen };
  if (typeof baseLr === 'number') {
    const lr = Math.fround(baseLr);
    return { freeze: frozen, ...(lr === rate.from && lr === rate.to && !rate.reacts ? {} : { lr }) };
  }
  const { factor } = baseLr as { readonly factor: number };
  return { freeze: frozen, ...(factor === 1 ? {} : { lrFactor: factor }) };
}

/**
 * A layer's name and a depth as the least depth that freezes the same parameters: `none` where there are
 * none, `all` where no layer behind it has any. As it is written where the base has no such layer.
 */
function frozenOf(freeze: Freeze, of: TransferBase | null): Freeze {
  const base = of?.base ?? null;
  if (base === null || freeze === 'all' || freeze === 'none') return freeze;
  const depth = typeof freeze === 'number' ? freeze : base.findIndex(({ name }) => name === freeze) + 1;
  if (depth > base.length || (depth === 0 && freeze !== 0)) return freeze;
  const least = base.slice(0, depth).findLastIndex(({ idle }) => !idle) + 1;
  if (least === 0) return 'none';
  return base.slice(depth).every(({ idle }) => idle) ? 'all' : least;
}
