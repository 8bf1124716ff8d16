/**
 * What a bundle's folder holds: an ensemble that predicts by itself. manifest.json names every other
 * file with its SHA-256, and ends in a digest of its own, so that a changed byte anywhere is seen.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { CodedError } from '../../proto/coded-error.js';
import { canonicalJson } from '../../proto/canonical.js';
import { ENSEMBLE_RULES } from '../../coordinator/ensemble/combine.js';
import { exitCodes } from '../exit.js';

/** Raised whenever a reader of an older version would predict something else from a bundle. */
export const BUNDLE_FORMAT = 1;
export const MANIFEST_NAME = 'manifest.json';

/** A folder that is no bundle, or not any more. */
export class BadBundle extends CodedError {
  readonly code = 'BadBundle';
  readonly exitCode = exitCodes.badInput;
  constructor(folder: string, problem: string, options?: ErrorOptions) {
    super(`bundle ${folder}: ${problem}`, options);
  }
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const probability = z.number().min(0).max(1);
/** Inside the folder: relative, '/' between names, never upwards. */
const fileName = z.string().regex(/^[\w-]+(?:\/[\w-]+)*(?:\.\w+)?$/);
const number = z.number().nullable();
const metrics = z.object({ loss: number, accuracy: number, auc: number, f1: number, confusion: z.array(z.array(z.number())).nullable() });

const box = z.tuple([probability, probability, probability, probability]).readonly();

const input = z.object({
  height: z.int().positive(),
  width: z.int().positive(),
  channels: z.union([z.literal(1), z.literal(3)]),
  resize: z.enum(['stretch', 'pad', 'crop']),
  crop: z.union([z.object({ box }), z.object({ masks: z.object({ margin: probability }) })]).optional(),
  normalisation: z.enum(['scale', 'zerocenter', 'standardise', 'tf', 'torch', 'caffe', 'lite']),
  /** Float32 little-endian [height, width, channels] of v / 255; null for 0 and 1. */
  mean: fileName.nullable(),
  deviation: fileName.nullable(),
});

const member = z.object({
  trial: z.string(),
  number: z.int().nonnegative(),
  weight: z.number().gt(0).max(1),
  /** Index into `inputs`. */
  input: z.int().nonnegative(),
  /** Of a network; the file of a classical model says what it is. */
  topology: fileName.optional(),
  weights: fileName,
  settings: z.record(z.string(), z.json()),
  epoch: z.int().nonnegative(),
  key: digest,
  params: z.int().nonnegative(),
});

const content = z.object({
  kind: z.literal('trawl-bundle'),
  format: z.literal(BUNDLE_FORMAT),
  classes: z.array(z.string()).min(2),
  /** The class that threshold and binary metrics speak of; null where there are more than two classes. */
  positive: z.string().nullable(),
  rule: z.enum(ENSEMBLE_RULES),
  /** Least probability of the positive class that is called positive; null where there are more than two classes. */
  threshold: probability.nullable(),
  inputs: z.array(input).min(1),
  members: z.array(member).min(1),
  metrics: z.object({ val: metrics, test: metrics.nullable(), single: z.object({ number: z.int(), val: metrics.nullable(), test: metrics.nullable() }) }),
  /** A few images of the validation part with what was predicted for them, so that a machine can check itself. */
  reference: z.array(z.object({ file: fileName, name: z.string(), class: z.string(), probabilities: z.array(probability), box: box.optional() })),
  provenance: z.object({
    sweep: z.object({ id: z.string(), name: z.string(), revision: z.int() }),
    /** Digest of the data set's content. */
    data: z.string(),
    numerics: z.array(z.string()),
    trawl: z.string(),
  }),
  /** Every other file of the folder. */
  files: z.record(fileName, z.object({ sha256: digest, bytes: z.int().nonnegative() })),
});
const manifest = content.extend({ digest });

export type BundleContent = z.infer<typeof content>;
export type BundleManifest = z.infer<typeof manifest>;
export type BundleInput = BundleContent['inputs'][number];

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** All but the digest. */
export function contentOf(whole: BundleManifest): BundleContent {
  return content.parse(whole);
}

const digestOf = (value: object): string => sha256(Buffer.from(canonicalJson(value)));

export function encodeManifest(value: BundleContent): Uint8Array {
  return Buffer.from(`${JSON.stringify({ ...value, digest: digestOf(value) }, null, 2)}\n`);
}

/** Throws BadBundle: no manifest, one of a newer format, or one that was changed. */
export function decodeBundleManifest(folder: string, bytes: Uint8Array): BundleManifest {
  const again = 'pull it again';
  const raw = parseObject(bytes);
  if (raw?.kind !== 'trawl-bundle') throw new BadBundle(folder, `${MANIFEST_NAME} is not a bundle's manifest; ${again}`);
  if (typeof raw.format === 'number' && raw.format > BUNDLE_FORMAT) {
    throw new BadBundle(folder, `${MANIFEST_NAME}: found format ${raw.format}, this trawl reads formats up to ${BUNDLE_FORMAT}; predict with the trawl that pulled it, or a newer one`);
  }
  const { digest: said, ...rest } = raw;
  // Before the digest, which numbers beyond float64 (1e999) have none of.
  const isNumeric = (value: unknown): boolean => (typeof value === 'object' && value !== null ? Object.values(value).every(isNumeric) : typeof value !== 'number' || Number.isFinite(value));
  if (!isNumeric(rest) || said !== digestOf(rest)) throw new BadBundle(folder, `${MANIFEST_NAME} was changed since it was written; ${again}`);
  const checked = manifest.safeParse(raw);
  if (!checked.success) throw new BadBundle(folder, `${MANIFEST_NAME}: ${checked.error.issues[0]?.path.join('.') ?? ''} is not what this trawl reads; ${again}`);
  return checked.data;
}

function parseObject(bytes: Uint8Array): { readonly [field: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [field: string]: unknown }) : null;
  } catch {
    return null;
  }
}
