/**
 * Ends a Postgres whose owner died, whatever killed it: a shell waits on a pipe that only the owner
 * holds. The end of the pipe without a word means that the owner is gone, and Postgres gets a fast
 * shutdown. It is a process of its own group, as Postgres is, so that a Ctrl-C on the terminal, which
 * goes to the whole foreground group, leaves both to their owner.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ParentWatch {
  /** Ends the watch and leaves Postgres alone. */
  release(): Promise<void>;
}

export function watchParent(pid: number): ParentWatch {
  const script = 'read -r word; [ "$word" = release ] || kill -INT "$0"';
  const shell = spawn('/bin/sh', ['-c', script, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
  const ended = once(shell, 'exit');
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return {
    release: async () => {
      shell.ref();
      shell.stdin.end('release\n');
      if (shell.exitCode === null && shell.signalCode === null) await ended;
    },
  };
}
