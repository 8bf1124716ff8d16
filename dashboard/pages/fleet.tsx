/** The boxes that train: what they are, what they are at, what waits for them, and what an operator does to them. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ask } from '../api/client.js';
import type { Answers, WorkerView } from '../api/types.js';
import { Fact } from '../components/fact.js';
import { usePageTitle } from '../components/page-title.js';
import { Panel, Shown } from '../components/panel.js';
import { useResource } from '../state/resource.js';
import { count, whole } from '../text/format.js';
import { GpuTable } from './fleet/gpus.js';
import { Queue } from './fleet/queue.js';
import { RunningTable } from './fleet/running.js';
import { SlotsOverTime } from './fleet/slots-over-time.js';
import { Quarantined } from './fleet/quarantined.js';
import { WorkerTable } from './fleet/workers.js';

/** Heartbeats are no events: what they tell is asked for. */
const EVERY_MS = 3_000;

async function load(signal: AbortSignal): Promise<Fleet> {
  const [workers, queue] = await Promise.all([ask('GET /workers', { signal }), ask('GET /queue', { signal })]);
  return { workers, queue };
}

export interface Fleet {
  readonly workers: readonly WorkerView[];
  readonly queue: Answers['GET /queue'];
}

export function FleetPage(): JSX.Element {
  usePageTitle('Fleet');
  const { resource, reload } = useResource('fleet', load);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <>
      <div class="page-head">
        <h1>Fleet</h1>
      </div>
      <Shown what="the fleet" of={resource} retry={reload}>
        {(fleet) => (
          <>
            <Overview fleet={fleet} />
            <Quarantined workers={fleet.workers} changed={reload} />
            <WorkerTable workers={fleet.workers} changed={reload} />
            <div class="grid">
              <RunningTable workers={fleet.workers} />
              <Queue waiting={fleet.queue.waiting} />
            </div>
            <GpuTable workers={fleet.workers} />
          </>
        )}
      </Shown>
      <SlotsOverTime />
    </>
  );
}

function Overview({ fleet: { workers, queue } }: { readonly fleet: Fleet }): JSX.Element {
  const there = workers.filter(({ state }) => state !== 'gone');
  const sum = (of: (worker: WorkerView) => number): number => there.reduce((total, worker) => total + of(worker), 0);
  const [slots, busy] = [sum((worker) => worker.slots), sum((worker) => worker.busy)];
  const states = (['draining', 'quarantined'] as const).flatMap((state) => {
    const found = there.filter((worker) => worker.state === state).length;
    return found === 0 ? [] : [`${whole(found)} ${state}`];
  });
  const waiting = queue.waiting === null ? null : Object.values(queue.waiting).reduce((total, pieces) => total + pieces, 0);
  return (
    <Panel title="Overview">
      <dl class="facts">
        <Fact name="Workers" value={whole(there.length)} more={[...states, `${whole(workers.length - there.length)} left within a day`].join(', ')} />
        <Fact name="Slots" value={`${whole(busy)} of ${whole(slots)} busy`} more={slots === 0 ? 'no worker is connected' : `${whole(slots - busy)} free`} />
        <Fact name="Epochs per second" value={sum((worker) => worker.epochsPerSecond ?? 0).toFixed(2)} more="over the last minute" />
        <Fact name="GPUs" value={whole(sum(({ gpus }) => gpus.length))} />
        <Fact name="Waiting" value={waiting === null ? '–' : count(waiting, 'piece')} more="stages and evaluations that are ready" />
      </dl>
    </Panel>
  );
}
