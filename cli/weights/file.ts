/** A weight file as named tensors, whatever its format. */
import { open, readFile } from 'node:fs/promises';
import { DataError } from '../../worker/data/data-error.js';
import type { NamedTensor } from '../../worker/model/safetensors.js';
import { readSafetensors } from '../../worker/model/safetensors.js';
import { readHdf5 } from './hdf5.js';
import { isJson, readTfjs } from './tfjs.js';

export interface FileTensors {
  /**
   * By layer: its tensors by their own names (kernel, moving_mean), or in the order of Keras' layer.weights
   * where the file numbers them. Null for a file whose tensors have names of their own, as PyTorch's.
   */
  readonly layers: ReadonlyMap<string, LayerTensors> | null;
  /** By the file's names. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
}

export interface LayerTensors {
  readonly named: ReadonlyMap<string, NamedTensor>;
  readonly inOrder: readonly NamedTensor[];
}

const HDF5 = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
const ZIP = Buffer.from('PK');

/** Throws DataError saying what is wrong with the file. */
export async function readWeightFile(path: string): Promise<FileTensors> {
  const begin = await beginning(path);
  if (begin.subarray(0, HDF5.length).equals(HDF5)) return byLayer(await readHdf5(path));
  if (begin.subarray(0, ZIP.length).equals(ZIP)) throw new DataError('it is a ZIP archive, such as a .keras file or a PyTorch checkpoint: save the weights alone, in Keras by model.save_weights("x.weights.h5"), in PyTorch by safetensors.torch.save_file(model.state_dict(), "x.safetensors")');
  if (await isJson(path)) return byLayer(await readTfjs(path));
  const tensors = readSafetensors(await readFile(path));
  // Keras' names have a '/' before the weight's own; PyTorch's have dots.
  if (tensors.length > 0 && tensors.every(({ name }) => name.includes('/'))) return byLayer(tensors);
  return { layers: null, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

/** From LAYER/kernel and so on, or LAYER/0 where they are numbered. */
function byLayer(tensors: readonly NamedTensor[]): FileTensors {
  const layers = new Map<string, { named: Map<string, NamedTensor>; inOrder: NamedTensor[] }>();
  for (const tensor of tensors) {
    const cut = tensor.name.lastIndexOf('/');
    const layer = tensor.name.slice(0, cut);
    const found = layers.get(layer) ?? { named: new Map<string, NamedTensor>(), inOrder: [] };
    layers.set(layer, found);
    found.named.set(tensor.name.slice(cut + 1), tensor);
    found.inOrder.push(tensor);
  }
  return { layers, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

async function beginning(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(16);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead === 0) throw new DataError('the file is empty');
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
