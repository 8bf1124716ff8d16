/** The contract of `trawl run --json`, written down apart from the code that makes it. */
import { z } from 'zod';

const probability = z.number().min(0).max(1);
const part = z.strictObject({
  loss: z.number().nullable(),
  accuracy: probability.nullable(),
  auc: probability.nullable(),
  f1: probability.nullable(),
  confusion: z.array(z.array(z.int().nonnegative())).nullable(),
});

export const runDocumentSchema = z.object({
  sweep: z.strictObject({ id: z.string().startsWith('swp_'), name: z.string(), state: z.enum(['running', 'paused', 'completed', 'stopped', 'failed']), endedBy: z.string().nullable(), warmStart: z.strictObject({ from: z.array(z.string()), taken: z.record(z.string(), z.int().positive()), unfit: z.array(z.strictObject({ reason: z.string(), trials: z.int().positive() })) }).optional() }),
  data: z
    .strictObject({
      images: z.int().positive(),
      classes: z.record(z.string(), z.int().positive()),
      split: z.strictObject({ train: z.int(), val: z.int(), test: z.int() }),
      rejected: z.array(z.strictObject({ file: z.string(), why: z.string() })),
    })
    .nullable(),
  epochs: z.strictObject({ requested: z.int(), trained: z.int(), shared: z.int(), retrained: z.int() }),
  wallMs: z.int().positive(),
  trials: z.array(
    z.object({
      id: z.string().startsWith('trl_'),
      number: z.int().nonnegative(),
      replicate: z.int().nonnegative().optional(),
      mean: z.number().nullable().optional(),
      spread: z.number().nonnegative().nullable().optional(),
      state: z.enum(['queued', 'running', 'paused', 'completed', 'pruned', 'failed', 'infeasible', 'cancelled']),
      settings: z.record(z.string(), z.json()),
      epochs: z.int().nonnegative(),
      bestEpoch: z.int().nonnegative().nullable(),
      params: z.int().nonnegative(),
      secondsPerEpoch: z.number().positive().nullable(),
      train: z.strictObject({ loss: z.number().nullable(), accuracy: probability.nullable() }).nullable(),
      val: part.nullable(),
      test: part.nullable().optional(),
      objectives: z.array(z.number().nullable()).min(2).optional(),
      rank: z.int().positive().nullable().optional(),
      front: z.boolean().optional(),
    }),
  ),
  best: z.strictObject({ trial: z.string(), val: part.nullable(), test: part.nullable() }).nullable(),
  ensemble: z
    .strictObject({
      members: z.array(z.strictObject({ trial: z.string().startsWith('trl_'), weight: z.number().positive().max(1) })).min(1),
      rule: z.enum(['greedy', 'average', 'vote']),
      threshold: probability.nullable(),
      val: part,
      test: part.nullable(),
    })
    .nullable(),
  bundle: z.string().nullable(),
  screening: z
    .strictObject({
      sensitivity: z.literal(0.95),
      positive: z.string(),
      part: z.enum(['val', 'test']),
      models: z
        .array(
          z.strictObject({
            model: z.enum(['single', 'ensemble']),
            name: z.string(),
            threshold: probability,
            sensitivity: probability,
            specificity: probability,
            misses: z.int().nonnegative(),
            positives: z.int().nonnegative(),
            falseAlarms: z.int().nonnegative(),
            negatives: z.int().nonnegative(),
          }),
        )
        .min(1),
      sheet: z.string().nullable(),
    })
    .nullable(),
});

export type RunDocument = z.infer<typeof runDocumentSchema>;

/** Throws where stdout holds anything but one document of this shape. */
export function readDocument(stdout: string): RunDocument {
  return runDocumentSchema.parse(JSON.parse(stdout));
}

/** What must be the same whoever trained it and however often it was interrupted: everything but times, ids and counts of this invocation. */
export function comparable(document: RunDocument): unknown {
  return {
    state: document.sweep.state,
    trials: document.trials.map(({ settings, state, epochs, bestEpoch, params, train, val, test }) => ({ settings, state, epochs, bestEpoch, params, train, val, test })),
    best: document.best === null ? null : { val: document.best.val, test: document.best.test },
  };
}
