/** How the installation of a native engine can fail. Nothing half-made is left; what was downloaded is kept. */
import { CodedError } from '../../proto/coded-error.js';
import { exitCodes } from '../exit.js';

/** A file could not be fetched to its end. */
export class DownloadFailed extends CodedError {
  readonly code = 'DownloadFailed';
  readonly exitCode = exitCodes.failed;
  /** What the server answered that will not give it; null where something was in the way. */
  readonly refusal: { readonly url: string; readonly status: number } | null;

  constructor(message: string, { refusal = null, ...options }: ErrorOptions & { readonly refusal?: { readonly url: string; readonly status: number } | null } = {}) {
    super(message, options);
    this.refusal = refusal;
  }
}

/** A file is not the one that was named: its SHA-256 or its size is another. */
export class WrongHash extends CodedError {
  readonly code = 'WrongHash';
  readonly exitCode = exitCodes.failed;
  constructor(file: string, found: string, expected: string, remedy: string) {
    super(`${file}: found SHA ${found.slice(0, 16)}…, expected ${expected.slice(0, 16)}…; ${remedy}`);
  }
}

/** A file that was given is no wheel of TensorFlow for this machine. */
export class BadWheel extends CodedError {
  readonly code = 'BadWheel';
  readonly exitCode = exitCodes.badInput;
  constructor(file: string, found: string, expected = 'a wheel of tensorflow-cpu (with --gpu: tensorflow) for this system, as pip download fetches it') {
    super(`--wheel: found ${file}, ${found}; expected ${expected}`);
  }
}

/** The addon cannot be built here. */
export class BuildFailed extends CodedError {
  readonly code = 'BuildFailed';
  readonly exitCode = exitCodes.failed;
}

/** Not enough room for the engine. */
export class NoRoom extends CodedError {
  readonly code = 'DiskFull';
  readonly exitCode = exitCodes.failed;
}
