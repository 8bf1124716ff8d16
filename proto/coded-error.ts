/** An error of ours: `code` is what is stable of it, and docs/errors.md has it; its class is its name. */
export abstract class CodedError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
