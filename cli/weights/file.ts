/** A weight file as named tensors, whatever its format. */
import { open, readFile } from 'node:fs/promises';
import { DataError } from '../../worker/data/data-error.js';
import { readSafetensors, type NamedTensor, type TensorsOfFile } from '../../worker/model/safetensors.js';
import { WeightFileError } from '../../worker/model/weight-file-error.js';
import { readHdf5 } from './hdf5.js';
import { isJson, readTfjs } from './tfjs.js';

export interface FileTensors {
  /**
   * The layers, where tensors are called LAYER/kernel and so on, or LAYER/0, ... in the order of Keras'
   * layer.weights. Null for a file whose tensors have names of their own, as PyTorch's.
   */
  readonly layers: ReadonlySet<string> | null;
  /** By the file's names. */
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** Of tensors that are no floating-point numbers, by the file's names. */
  readonly otherTypes: ReadonlyMap<string, string>;
}

const HDF5 = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
const ZIP = Buffer.from('PK');

/** Throws DataError saying what is wrong with the file. */
export async function readWeightFile(path: string): Promise<FileTensors> {
  const begin = await beginning(path);
  if (begin.subarray(0, HDF5.length).equals(HDF5)) return byLayer(await readHdf5(path));
  if (begin.subarray(0, ZIP.length).equals(ZIP)) throw new DataError('it is a ZIP archive, such as a .keras file or a PyTorch checkpoint: save the weights alone, in Keras by model.save_weights("x.weights.h5"), in PyTorch by safetensors.torch.save_file(model.state_dict(), "x.safetensors")');
  if (await isJson(path)) return byLayer(await readTfjs(path));
  // The ninth byte of safetensors begins its header, whatever the eight of the header's length look like.
  if (begin[8] !== 0x7b && begin.toString('latin1').trimStart().startsWith('<')) throw new WeightFileError('it is a web page or XML', 'a file of weights', 'check where it came from: such a page tells people, and a link in it leads to the file');
  const content = readSafetensors(await readFile(path));
  // Keras' names have a '/' before the weight's own; PyTorch's have dots.
  const names = [...content.tensors.map(({ name }) => name), ...content.otherTypes.keys()];
  return names.length > 0 && names.every((name) => name.includes('/')) ? byLayer(content) : { layers: null, ...byName(content) };
}

function byLayer({ tensors, otherTypes }: TensorsOfFile): FileTensors {
  const layers = new Set([...tensors.map(({ name }) => name), ...otherTypes.keys()].map((name) => name.slice(0, name.lastIndexOf('/'))));
  return { layers, ...byName({ tensors, otherTypes }) };
}

function byName({ tensors, otherTypes }: TensorsOfFile): Omit<FileTensors, 'layers'> {
  return { tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])), otherTypes };
}

async function beginning(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(16);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead === 0) throw new WeightFileError('the file is empty', 'a file of weights', 'fetch it again');
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
