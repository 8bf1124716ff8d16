/** The process of the simulated workers (fleet-workers.ts), forked and asked. No bench by itself. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { packageRoot } from '../../proto/package-root.js';
import type { FleetFigures, FleetLoad } from './fleet-workers.js';

const LOOK_MS = 100;

export class Load {
  readonly #load: FleetLoad;
  readonly #process = fork(join(packageRoot(), 'dist', 'test', 'bench', 'fleet-workers.js'));

  constructor(load: FleetLoad) {
    this.#load = load;
    this.#process.send({ kind: 'start', load });
  }

  async figures(): Promise<FleetFigures> {
    this.#process.send({ kind: 'figures' });
    const [answer] = (await once(this.#process, 'message')) as [FleetFigures];
    return answer;
  }

  async welcomed(): Promise<void> {
    while ((await this.figures()).welcomed < this.#load.workers) await wait(LOOK_MS);
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.send({ kind: 'stop' });
    await exited;
  }
}
