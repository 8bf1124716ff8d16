/**
 * Weights in HDF5 as Keras writes them: of Keras 2 (a group per layer, named in `layer_names`, with its
 * `weight_names`; in a whole model below `model_weights`), and of Keras 3's .weights.h5 (numbered
 * variables below layers/CLASS/vars, whose `name` is the layer's).
 */
import type * as h5wasm from 'h5wasm/node';
import type { Dataset, Group, OutputData } from 'h5wasm/node';
import { DataError } from '../../worker/data/data-error.js';
import type { NamedTensor, TensorsOfFile } from '../../worker/model/safetensors.js';
import { damaged } from '../../worker/model/weight-file-error.js';

type H5 = typeof h5wasm;

/** Every layer's tensors, called LAYER/kernel, or LAYER/0, LAYER/1, ... where the file numbers them. Throws DataError. */
export async function readHdf5(path: string): Promise<TensorsOfFile> {
  // 4 MB of WebAssembly, for those who need it.
  const h5 = await import('h5wasm/node');
  const module = await h5.ready;
  module.activate_throwing_error_handler();
  let file: InstanceType<H5['File']>;
  try {
    file = new h5.File(path, 'r');
  } catch (error) {
    throw damaged('it is HDF5, but cannot be opened', { cause: error });
  }
  try {
    const reader = new Reader(h5);
    return { tensors: reader.read(file), otherTypes: reader.otherTypes };
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw damaged('a tensor of it cannot be read', { cause: error });
  } finally {
    file.close();
  }
}

class Reader {
  readonly #h5: H5;
  readonly otherTypes = new Map<string, string>();

  constructor(h5: H5) {
    this.#h5 = h5;
  }

  read(root: Group): NamedTensor[] {
    const weights = this.#group(root, 'model_weights') ?? root;
    if ('layer_names' in weights.attrs) return this.#namedLayers(weights);
    const layers = this.#group(root, 'layers') ?? this.#group(root, '_layer_checkpoint_dependencies');
    if (layers !== null) return this.#numberedLayers(layers, '');
    throw new DataError('model_config' in root.attrs ? 'it is a model without weights' : 'it is HDF5, but not weights as Keras writes them: there is neither layer_names nor a group layers');
  }

  #namedLayers(root: Group): NamedTensor[] {
    return texts(root.attrs.layer_names?.value).flatMap((layer) => {
      const group = this.#group(root, layer);
      if (group === null) throw new DataError(`its list of layers has ${layer}, and the file has no such group`);
      return texts(group.attrs.weight_names?.value).flatMap((name) => this.#tensor(group, name, `${layer}/${ownName(name)}`));
    });
  }

  /** Models inside a model have layers of their own. */
  #numberedLayers(layers: Group, around: string): NamedTensor[] {
    return layers.keys().flatMap((key) => {
      const group = this.#group(layers, key);
      if (group === null) return [];
      const inside = this.#group(group, 'layers');
      const vars = this.#group(group, 'vars');
      const own = vars === null ? [] : this.#variables(vars, key);
      return [...own, ...(inside === null ? [] : this.#numberedLayers(inside, around))];
    });
  }

  #variables(vars: Group, key: string): NamedTensor[] {
    const [name = key] = texts(vars.attrs.name?.value);
    return vars.keys().toSorted((a, b) => Number(a) - Number(b)).flatMap((index) => this.#tensor(vars, index, `${name}/${index}`));
  }

  /** None where it is of another type. */
  #tensor(group: Group, path: string, name: string): NamedTensor[] {
    const found = group.get(path);
    if (!(found instanceof this.#h5.Dataset)) throw new DataError(`it names the weight ${name} and has no such tensor`);
    const values = valuesOf(found);
    if (values === null) {
      this.otherTypes.set(name, typeOf(found));
      return [];
    }
    return [{ name, shape: found.shape ?? [], values }];
  }

  #group(parent: Group, name: string): Group | null {
    // Asked for what is not there, the library throws.
    const [first = ''] = name.split('/');
    if (!parent.keys().includes(first)) return null;
    const found = parent.get(name);
    return found instanceof this.#h5.Group ? found : null;
  }
}

/** Null for another type than float32 and float64. */
function valuesOf(dataset: Dataset): Float32Array | null {
  const { value } = dataset;
  if (value instanceof Float32Array) return value.slice();
  if (value instanceof Float64Array) return Float32Array.from(value);
  return typeof value === 'number' ? Float32Array.of(value) : null;
}

/** As numpy calls it: the library gives the letters of Python's struct. */
function typeOf({ dtype }: Dataset): string {
  return (typeof dtype === 'string' ? TYPES[dtype.slice(-1)] : undefined) ?? JSON.stringify(dtype);
}

const TYPES: { readonly [letter: string]: string } = { b: 'int8', B: 'uint8', h: 'int16', H: 'uint16', i: 'int32', I: 'uint32', q: 'int64', Q: 'uint64', e: 'float16', S: 'text' };

/** An attribute of one text or several. */
function texts(value: OutputData | null | undefined): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Of block1_conv1/kernel:0 or, as Keras 1 called them, block1_conv1_W_1:0. */
function ownName(weight: string): string {
  const last = (weight.split('/').at(-1) ?? weight).replace(/:\d+$/, '');
  const old = /_(W|b|gamma|beta|running_mean|running_std)(?:_\d+)?$/.exec(last)?.[1];
  return (old === undefined ? undefined : KERAS_1[old]) ?? last;
}

const KERAS_1: { readonly [name: string]: string } = { W: 'kernel', b: 'bias', gamma: 'gamma', beta: 'beta', running_mean: 'moving_mean', running_std: 'moving_variance' };
