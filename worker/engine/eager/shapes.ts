import * as tf from '@tensorflow/tfjs-core';

const NAME = 'trawl-shapes';
let isRegistered = false;

/** A back end without values: models can be built on it to see their shapes, wherever no native engine is. */
class ShapesOnly extends tf.KernelBackend {
  /** How many tensors have each value: a weight begins as another name of its initial value. */
  readonly #references = new WeakMap<object, number>();

  override numDataIds(): number {
    return 0;
  }

  override write(): object {
    const id = {};
    this.#references.set(id, 1);
    return id;
  }

  override refCount(id: object): number {
    return this.#references.get(id) ?? 0;
  }

  override incRef(id: object): void {
    this.#references.set(id, this.refCount(id) + 1);
  }

  override disposeData(id: object): boolean {
    this.#references.set(id, this.refCount(id) - 1);
    return this.refCount(id) <= 0;
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override dispose(): void {
    // Nothing is held.
  }
}

/** Runs what only builds. Whatever back end is in use is in use again afterwards. */
export function onShapes<T>(build: () => T): T {
  if (!isRegistered) isRegistered = tf.registerBackend(NAME, () => new ShapesOnly());
  const before = tf.engine().backendName;
  // Asynchronous for the sake of others: this back end, and one that was in use, are there at once.
  void tf.setBackend(NAME);
  try {
    return build();
  } finally {
    // None is in use at first, whatever its type says.
    if (before) void tf.setBackend(before);
  }
}
