/** An agent in the test's own process, with real children. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpBlobStore } from '../../../blob/http.js';
import { packageRoot } from '../../../proto/package-root.js';
import { Agent } from '../../../worker/agent/agent.js';
import { openHome, type WorkerHome } from '../../../worker/agent/home.js';
import { Inputs } from '../../../worker/agent/inputs.js';
import { dataSets } from '../../../worker/agent/data-sets.js';
import { BoxCache } from '../../../worker/data/box-cache.js';
import { wasmNumerics } from '../../../worker/engine/wasm/numerics.js';
import { imageNumerics } from '../../../worker/train/numerics.js';
import { grpcLink } from '../../../worker/link/grpc.js';
import { Recorder } from '../../contract/signals.js';
import { TOKEN, type ScriptedCoordinator } from './scripted-coordinator.js';

export const CHILD_MODULE = join(packageRoot(), 'dist', 'worker', 'train', 'child-main.js');

export interface LogLine {
  readonly line: string;
  readonly facts: { readonly [fact: string]: unknown };
}

export interface RunningAgent {
  readonly agent: Agent;
  readonly home: WorkerHome;
  readonly cache: BoxCache;
  /** What the agent logged. */
  readonly lines: Recorder<LogLine>;
  /** Files between agent and children that were not cleaned up. */
  leftovers(): Promise<string[]>;
  close(): Promise<void>;
}

export async function startAgent(coordinator: ScriptedCoordinator, options: { readonly slots?: number; readonly childModule?: string; readonly pausesMs?: readonly number[]; readonly cacheBytes?: number } = {}): Promise<RunningAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'trawl-worker-'));
  const home = await openHome(folder);
  const blobs = new HttpBlobStore({ baseUrls: [coordinator.baseUrl], token: TOKEN, spoolFolder: home.temporary });
  const cache = new BoxCache({ limitBytes: options.cacheBytes ?? 2 ** 40 });
  const lines = new Recorder<LogLine>();
  const log = (facts: LogLine['facts'], line: string): void => lines.push({ line, facts });
  const agent = new Agent({
    ...{ id: home.id, name: 'box', slots: options.slots ?? 1, memoryBytes: 8 * 2 ** 30, slotMemoryBytes: 4 * 2 ** 30, numerics: [imageNumerics(wasmNumerics())] },
    link: grpcLink({ address: coordinator.address, token: TOKEN }),
    ...{ blobs, inputs: new Inputs(blobs, home.temporary, dataSets(blobs, home, cache), cache, options.pausesMs), folder: home.temporary },
    childModule: options.childModule ?? CHILD_MODULE,
    log: { info: log, warn: log },
  });
  agent.start();
  await coordinator.hellos.count(1);
  return {
    ...{ agent, home, cache, lines },
    leftovers: async () => readdir(home.temporary),
    close: async () => {
      await agent.stop();
      await home.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
