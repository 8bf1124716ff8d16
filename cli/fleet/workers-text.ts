/** The fleet as `trawl workers` prints it. Pure. */
import type { GpuView, WorkerView } from '../../coordinator/api/fleet-views.js';
import { bytes, count, duration } from '../text/format.js';
import { table, type Column } from '../text/table.js';

/** A line for each worker, and one below it for each stage that it is at; then what a person should mend. */
export function workerLines(views: readonly WorkerView[]): string[] {
  const [title = '', ...lines] = table(COLUMNS, views);
  return [title, ...views.flatMap((view, index) => [lines[index] ?? '', ...view.stages.map((stage) => `    ${stageText(stage)}`)]), ...namesakeLines(views)];
}

/** Commands that name a worker would not know which. */
function namesakeLines(views: readonly WorkerView[]): string[] {
  const there = views.filter(({ state }) => state !== 'gone');
  const groups = [...new Set(there.map(({ name }) => name))].map((name) => ({ name, namesakes: there.filter((view) => view.name === name) }));
  return groups.flatMap(({ name, namesakes }) => (namesakes.length < 2 ? [] : [`${namesakes.map(({ id }) => id).join(' and ')} have one name, ${name}: tell them apart with --name (trawl worker --name NAME).`]));
}

const COLUMNS: readonly Column<WorkerView>[] = [
  { title: 'worker', value: ({ name }) => name },
  { title: 'id', value: ({ id }) => id },
  { title: 'state', value: stateText },
  { title: 'carrier', value: ({ carrier }) => carrier ?? '-' },
  { title: 'pool', value: ({ pool }) => pool ?? '-' },
  { title: 'labels', value: ({ labels }) => Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(',') || '-' },
  { title: 'engine', value: ({ engine }) => (engine === '' ? '-' : engine) },
  { title: 'slots', value: ({ busy, slots }) => `${busy}/${slots}`, align: 'right' },
  { title: 'GPU memory', value: ({ gpus }) => gpuText(gpus, memoryText), align: 'right' },
  { title: 'GPU use', value: ({ gpus }) => gpuText(gpus, ({ utilisation }) => (utilisation === null ? '-' : `${Math.round(utilisation * 100)} %`)), align: 'right' },
  { title: 'epochs/s', value: ({ epochsPerSecond }) => epochsPerSecond?.toFixed(2) ?? '-', align: 'right' },
  { title: 'cache', value: ({ cache }) => (cache === null ? '-' : `${bytes(cache.bytes)} of ${bytes(cache.limitBytes)}`), align: 'right' },
  { title: 'last seen', value: ({ lastSeenSeconds }) => `${duration(lastSeenSeconds * 1000)} ago` },
];

function stateText({ state, quarantinedForSeconds }: WorkerView): string {
  return quarantinedForSeconds === null ? state : `${state} (${duration(quarantinedForSeconds * 1000)})`;
}

function gpuText(gpus: readonly GpuView[], text: (gpu: GpuView) => string): string {
  return gpus.length === 0 ? '-' : gpus.map(text).join(', ');
}

function memoryText({ usedBytes, memoryBytes }: GpuView): string {
  return usedBytes === null ? bytes(memoryBytes) : `${bytes(usedBytes)} of ${bytes(memoryBytes)}`;
}

function stageText({ kind, sweep, trials, epoch, from, to }: WorkerView['stages'][number]): string {
  const [first, ...others] = trials;
  const whose = sweep === null || first === undefined ? 'nobody any more' : `${sweep}#${first}${others.length === 0 ? '' : ` and ${count(others.length, 'other trial')}`}`;
  return kind === 'evaluate' ? `${whose}: evaluates epoch ${epoch}` : `${whose}: epoch ${epoch} of ${from} to ${to - 1}`;
}
