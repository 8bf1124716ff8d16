/** How a command ends: what it tells the shell, and the error that carries it there. */
import { CodedError } from '../proto/coded-error.js';

export const exitCodes = {
  done: 0,
  failed: 1,
  badInput: 2,
  /** Ctrl-C: paused, to be resumed. */
  paused: 130,
} as const;

/** A reader of stdout that has seen enough (head, a pager) is no failure. */
export function allowClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed));
}

/** What the user gave cannot be right. Its message is for them, a line per mistake. */
export class BadInput extends CodedError {
  readonly code = 'BadInput';
  readonly exitCode = exitCodes.badInput;
}

/** What was asked could not be done here and now. */
export class CommandFailed extends CodedError {
  readonly code = 'CommandFailed';
  readonly exitCode = exitCodes.failed;
}

/** The person ended it; what remains can go on later. */
export class Interrupted extends CodedError {
  readonly code = 'Interrupted';
  readonly exitCode = exitCodes.paused;
}
