/** The data set cannot be used as it is; trying again elsewhere would not help. */
export class DataError extends Error {
  readonly code = 'DataError';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DataError';
  }
}
