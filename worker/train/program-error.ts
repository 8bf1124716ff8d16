/** How programs of a user's own fail, each with the class that its code stands for (failure.ts). */

/** The program did not do what the contract asks of it. */
export class ProgramFailed extends Error {
  readonly code = 'ProgramFailed';
  constructor(message: string) {
    super(message);
    this.name = 'ProgramFailed';
  }
}

/** The box has no such program, or it may not be run there. */
export class ProgramMissing extends Error {
  readonly code = 'ProgramMissing';
  constructor(message: string) {
    super(message);
    this.name = 'ProgramMissing';
  }
}

/** The program gave no sign of life for longer than it may. */
export class ProgramSilent extends Error {
  readonly code = 'ProgramSilent';
  constructor(silenceMs: number) {
    super(`the program said nothing for ${silenceMs / 1000} s, longer than its silence may be; raise trainable.silence if an epoch takes so long`);
    this.name = 'ProgramSilent';
  }
}

/** The program was killed, or ended itself, for want of memory. */
export class ProgramOutOfMemory extends Error {
  readonly code = 'OutOfMemory';
  constructor(message: string) {
    super(message);
    this.name = 'ProgramOutOfMemory';
  }
}

/** The program failed while there was no room left on its disk. */
export class ProgramDiskFull extends Error {
  readonly code = 'DiskFull';
  constructor(message: string) {
    super(message);
    this.name = 'ProgramDiskFull';
  }
}
