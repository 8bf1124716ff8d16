/** How programs of a user's own fail, each with the class that its code stands for (failure.ts). */
import { CodedError } from '../../proto/coded-error.js';

/** The program did not do what the contract asks of it. */
export class ProgramFailed extends CodedError {
  readonly code = 'ProgramFailed';
}

/** The box has no such program, or it may not be run there. */
export class ProgramMissing extends CodedError {
  readonly code = 'ProgramMissing';
}

/** The program gave no sign of life for longer than it may. */
export class ProgramSilent extends CodedError {
  readonly code = 'ProgramSilent';
  constructor(silenceMs: number) {
    super(`the program said nothing for ${silenceMs / 1000} s, longer than its silence may be; raise trainable.silence if an epoch takes so long`);
  }
}

/** The program was killed, or ended itself, for want of memory. */
export class ProgramOutOfMemory extends CodedError {
  readonly code = 'OutOfMemory';
}

/** The program failed while there was no room left on its disk. */
export class ProgramDiskFull extends CodedError {
  readonly code = 'DiskFull';
}
