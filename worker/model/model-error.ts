/** The model cannot be built as asked: an input too small for its kernels, a knob out of its range. */
export class ModelError extends Error {
  readonly code = 'ModelError';
  constructor(message: string) {
    super(message);
    this.name = 'ModelError';
  }
}
