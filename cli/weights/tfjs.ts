/** The weights of a model.json of TensorFlow.js: a manifest of binary files beside it. */
import { open, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { DataError } from '../../worker/data/data-error.js';
import { halfToFloat, type NamedTensor, type TensorsOfFile } from '../../worker/model/safetensors.js';
import { cutOff, damaged } from '../../worker/model/weight-file-error.js';

const weight = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.string(),
  quantization: z.object({ dtype: z.enum(['uint8', 'uint16', 'float16']), scale: z.number().optional(), min: z.number().optional() }).optional(),
});
const modelJson = z.object({ weightsManifest: z.array(z.object({ paths: z.array(z.string()), weights: z.array(weight) })) });

type Weight = z.infer<typeof weight>;

/** Binary files that are one behind another, and the tensors in them. */
export interface ShardGroup {
  /** Below the model.json's folder, with '/' between folders. */
  readonly paths: readonly string[];
  readonly weights: readonly Weight[];
  /** Of the tensors. */
  readonly bytes: number;
}

/** Whether a file begins as JSON does. */
export async function isJson(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead).toString('latin1').trimStart().startsWith('{');
  } finally {
    await file.close();
  }
}

/** Throws DataError. */
export async function readManifest(path: string): Promise<ShardGroup[]> {
  const read = modelJson.safeParse(parsed(await readFile(path, 'utf8')));
  if (!read.success) throw new DataError('it is JSON, but no model.json of TensorFlow.js: there is no weightsManifest');
  return read.data.weightsManifest.map(({ paths, weights }) => {
    const strange = paths.find((name) => !isBelow(name));
    if (strange !== undefined) throw new DataError(`its weightsManifest names the file ${JSON.stringify(strange)}, expected one beside it or in a folder below: an address, a path from the root, and one that leads out of its folder are not followed`);
    return { paths, weights, bytes: weights.reduce((sum, one) => sum + bytesOf(one), 0) };
  });
}

/** Whether a path leads nowhere but below where it is read, as a path and as part of an address. */
function isBelow(path: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:|[\\?#\p{Cc}]/iu.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));
}

/** Throws DataError. */
export async function readTfjs(path: string): Promise<TensorsOfFile> {
  const tensors: NamedTensor[] = [];
  const otherTypes = new Map<string, string>();
  for (const { paths, weights } of await readManifest(path)) {
    const bytes = Buffer.concat(await Promise.all(paths.map((name) => shard(join(dirname(path), name)))));
    let at = 0;
    for (const one of weights) {
      const size = bytesOf(one);
      if (at + size > bytes.byteLength) throw cutOff(`its files ${paths.join(', ')} end after ${bytes.byteLength.toLocaleString('en')} bytes, before the end of the tensor ${one.name}`);
      if (one.dtype === 'float32') tensors.push({ name: one.name, shape: one.shape, values: valuesOf(one, new DataView(bytes.buffer, bytes.byteOffset + at, size)) });
      else otherTypes.set(one.name, one.dtype);
      at += size;
    }
  }
  return { tensors, otherTypes };
}

const BYTES: { readonly [dtype: string]: number } = { float32: 4, int32: 4, uint8: 1, uint16: 2, float16: 2, bool: 1 };

function countOf({ shape }: Weight): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function bytesOf(weight: Weight): number {
  return countOf(weight) * (BYTES[weight.quantization?.dtype ?? weight.dtype] ?? 4);
}

function valuesOf(weight: Weight, view: DataView): Float32Array {
  const { quantization } = weight;
  const count = countOf(weight);
  const each = (value: (index: number) => number): Float32Array => Float32Array.from({ length: count }, (_, index) => value(index));
  if (quantization === undefined) return each((index) => view.getFloat32(4 * index, true));
  const { dtype, scale = 1, min = 0 } = quantization;
  if (dtype === 'float16') return each((index) => halfToFloat(view.getUint16(2 * index, true)));
  return each((index) => (dtype === 'uint8' ? view.getUint8(index) : view.getUint16(2 * index, true)) * scale + min);
}

async function shard(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new DataError(`its file ${basename(path)} is not beside it`, { cause: error });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged('it begins like JSON and is none');
  }
}
