/**
 * What the `graph` and `eager` executors need of a native engine: tfjs-node's compiled addon, as it is published.
 * Whoever finds and loads it fills this in; nobody else knows where the library came from.
 */
export interface NativeTensorFlow {
  readonly binding: TfjsBinding;
  /** Of libtensorflow, e.g. '2.21.0'. */
  readonly version: string;
  readonly device: 'cpu' | 'gpu';
  /** Whether TensorFlow rewrites a graph before its first run. */
  readonly rewrites: boolean;
  /** Where it came from, for a person: a folder or a package. */
  readonly source: string;
}

/** TensorFlow's numbers for the types that cross the addon (types.proto). */
export const DATA_TYPE = { float: 1, int32: 3, uint8: 4 } as const;
export type DataType = (typeof DATA_TYPE)[keyof typeof DATA_TYPE];

export type TensorValues = Float32Array | Int32Array | Uint8Array;

export interface TensorMetadata {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** The part of `TFJSBinding` (@tensorflow/tfjs-node, tfjs_binding.d.ts) that is called. Each method throws an Error with TensorFlow's message. */
export interface TfjsBinding {
  readonly TF_Version: string;
  /** Takes the memory of the values, and no copy: they are not to be written to while the tensor is there. */
  createTensor(shape: readonly number[], dtype: number, values: TensorValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): TensorValues;
  /** Reads `saved_model.pb` of a folder; tags are separated by commas. */
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** Names are `NODE:OUTPUT`, separated by commas. */
  runSavedModel(id: number, inputs: readonly number[], inputNames: string, outputNames: string): readonly TensorMetadata[];
  getNumOfSavedModels(): number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_BOOL: number;
  /** One operation, at once; as many tensors as `outputs`. */
  executeOp(operation: string, attributes: readonly { readonly name: string; readonly type: number; readonly value: unknown }[], inputs: readonly number[], outputs: number): readonly TensorMetadata[];
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
}
