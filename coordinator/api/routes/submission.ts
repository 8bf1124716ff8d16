/** A sweep file with what its submitting side found out about what it names. */
import { z } from 'zod';
import { json } from './route.js';

const blobId = z.string().regex(/^[0-9a-f]{64}$/);
const counts = z.array(z.number().int().nonnegative());

const dataSummary = z.strictObject({
  manifest: blobId,
  digest: z.string().min(1),
  images: z.number().int().nonnegative(),
  classes: z.array(z.string()).min(2),
  positive: z.number().int().nonnegative(),
  counts: z.strictObject({ train: counts, val: counts, test: counts }),
  rejected: z.array(z.strictObject({ file: z.string(), why: z.string() })),
  warnings: z.array(z.string()),
});

const choice = z.union([z.string(), z.boolean()]);
const knob = z.union([
  z.strictObject({ name: z.string(), kind: z.literal('choice'), default: choice, choices: z.array(choice), meaning: z.string() }),
  z.strictObject({ name: z.string(), kind: z.enum(['int', 'float', 'int-list']), default: json, min: z.number(), max: z.number(), length: z.number().nullable(), meaning: z.string() }),
]);
const layer = z.strictObject({ class_name: z.string(), config: z.object({ name: z.string() }).catchall(json) });
const node = z.strictObject({ ...layer.shape, inbound_nodes: json });
const topology = z.union([
  z.strictObject({ class_name: z.literal('Sequential'), config: z.strictObject({ name: z.string(), layers: z.array(layer) }) }),
  z.strictObject({ class_name: z.literal('Functional'), config: z.strictObject({ name: z.string(), layers: z.array(node), input_layers: json, output_layers: json }) }),
]);
const modelModule = z.strictObject({
  path: z.string(),
  digest: z.string(),
  knobs: z.array(knob),
  topologies: z.array(topology),
  builds: z.record(z.string(), z.number().int().nonnegative()),
});

export const submitRequest = z.strictObject({
  source: z.strictObject({ name: z.string().min(1), text: z.string() }),
  sharing: z.boolean(),
  data: dataSummary.nullable(),
  numerics: z.string().min(1),
  module: modelModule.optional(),
  list: z.strictObject({ path: z.string(), shown: z.string(), text: z.string().nullable(), why: z.string().optional() }).optional(),
  replace: z.boolean().optional(),
  warmStartFrom: z.array(z.string().min(1)).min(1).optional(),
  weights: z.strictObject({ blob: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(0), names: z.enum(['keras', 'torch']) }).optional(),
  program: z.object({ blob: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(0) }).optional(),
});

