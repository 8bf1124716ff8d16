/** All sweeps: how far they are, what they found, how long they still take. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask, segment } from '../api/client.js';
import { maySteer } from '../api/session.js';
import type { Answers, ProgressView, SweepView } from '../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../components/data-table.js';
import { usePageTitle } from '../components/page-title.js';
import { Empty, Failed, Panel, Shown } from '../components/panel.js';
import { ProgressBar, StateBadge } from '../components/state-badge.js';
import { TagLink } from '../components/tag-link.js';
import { place, setQuery } from '../state/location.js';
import { useResource } from '../state/resource.js';
import { remainingMs } from '../state/epoch-rate.js';
import { between, count, duration, metric, percent, time, whole } from '../text/format.js';
import { compareHref } from './compare/names.js';
import { StartDialog } from './sweeps/start-dialog.js';
import { doneText, otherEnds, resultText } from '../text/trial-counts.js';

type Costs = Answers['GET /costs'][number];

interface SweepLine {
  readonly sweep: SweepView;
  readonly progress: ProgressView;
  /** Null while they are summed. */
  readonly costs: Costs | null;
}

/** Of those that are ticked to be compared; the URL has them. */
function tickedHere(): readonly string[] {
  return (place.value.query.get('ticked') ?? '').split(',').filter((id) => id !== '');
}

function tick(id: string, isTicked: boolean): void {
  const others = tickedHere().filter((other) => other !== id);
  setQuery({ ticked: (isTicked ? [...others, id] : others).join(',') || null }, { replace: true });
}

const COLUMNS: readonly Column<SweepLine>[] = [
  {
    ...{ name: 'compare', label: 'Compare' },
    value: ({ sweep }) => (tickedHere().includes(sweep.id) ? 'ticked' : ''),
    show: ({ sweep }) => <input type="checkbox" aria-label={`Compare ${sweep.name.slice(0, 80)}`} checked={tickedHere().includes(sweep.id)} onChange={(event) => tick(sweep.id, event.currentTarget.checked)} />,
  },
  { name: 'name', label: 'Sweep', sort: 'asc', yields: true, value: ({ sweep }) => sweep.name, show: ({ sweep }) => <a href={`/sweeps/${segment(sweep.name)}`}>{sweep.name}</a> },
  { name: 'state', label: 'State', sort: 'asc', value: ({ sweep }) => sweep.state, show: ({ sweep }) => <StateBadge state={sweep.state} /> },
  {
    ...{ name: 'progress', label: 'Epochs', sort: 'desc' },
    value: ({ progress: { epochs } }) => (epochs.total === 0 ? 0 : epochs.recorded / epochs.total),
    show: ({ progress: { epochs }, sweep }) => <ProgressBar label={`Epochs of ${sweep.name.slice(0, 80)}: ${percent(epochs.total === 0 ? 0 : epochs.recorded / epochs.total)}`} done={epochs.recorded} total={epochs.total} />,
  },
  { name: 'trials', label: 'Trials', numeric: true, sort: 'desc', value: ({ progress }) => progress.trials.total, show: ({ progress: { trials } }) => [doneText(trials), ...otherEnds(trials)].join(', ') },
  { name: 'best', label: 'Best', numeric: true, sort: 'desc', value: ({ progress }) => progress.best?.value ?? null, show: ({ progress: { best } }) => (best === null ? metric(null) : resultText(best.value, best.goesOn)) },
  { name: 'tags', label: 'Tags', sort: 'asc', value: ({ sweep }) => sweep.tags.join(' '), show: ({ sweep }) => <TagLinks tags={sweep.tags} /> },
  { name: 'objective', label: 'Objective', sort: 'asc', value: ({ sweep }) => sweep.objective.metric },
  { name: 'left', label: 'Time left', numeric: true, sort: 'asc', value: (line) => remainingOf(line), show: (line) => leftText(line) },
  { name: 'cost', label: 'Cost', numeric: true, sort: 'desc', value: ({ costs }) => costs?.trained.seconds ?? null, show: ({ costs }) => (costs === null ? '…' : duration(costs.trained.seconds * 1_000)) },
  { name: 'saved', label: 'Saved by sharing', numeric: true, sort: 'desc', value: ({ costs }) => costs?.saved.seconds ?? null, show: ({ costs }) => (costs === null ? '…' : savedText(costs)) },
  { name: 'started', label: 'Started', sort: 'desc', value: ({ sweep }) => sweep.createdAt, show: ({ sweep }) => time(sweep.createdAt) },
  { name: 'took', label: 'Took', numeric: true, optional: true, value: ({ sweep }) => (sweep.finishedAt === null ? null : Date.parse(sweep.finishedAt) - Date.parse(sweep.createdAt)), show: ({ sweep }) => (sweep.finishedAt === null ? '–' : between(sweep.createdAt, sweep.finishedAt)) },
  { name: 'failed', label: 'Failed', numeric: true, sort: 'desc', optional: true, value: ({ progress }) => progress.trials.failed },
  { name: 'infeasible', label: 'Infeasible', numeric: true, sort: 'desc', optional: true, value: ({ progress }) => progress.trials.infeasible },
  { name: 'id', label: 'Id', optional: true, value: ({ sweep }) => sweep.id },
];

function TagLinks({ tags }: Pick<SweepView, 'tags'>): JSX.Element {
  return (
    <>
      {tags.map((tag, index) => (
        <span key={tag}>
          {index > 0 && ' '}
          <TagLink tag={tag} />
        </span>
      ))}
    </>
  );
}

/** E.g. 12 min (40 %): of what it would have cost without. */
function savedText({ trained, saved }: Costs): string {
  return saved.epochs === 0 ? '–' : `${duration(saved.seconds * 1_000)} (${percent(saved.seconds / Math.max(Number.MIN_VALUE, trained.seconds + saved.seconds))})`;
}

function remainingOf({ sweep, progress }: SweepLine): number | null {
  return sweep.state === 'running' ? remainingMs(sweep.id, progress.epochs) : null;
}

function leftText(line: SweepLine): string {
  const left = remainingOf(line);
  return left === null ? '–' : `about ${duration(Math.max(1_000, left))}`;
}

async function loadLines(signal: AbortSignal): Promise<readonly Omit<SweepLine, 'costs'>[]> {
  return (await ask('GET /progress', { signal })).map((progress) => ({ sweep: progress.sweep, progress }));
}

export function SweepsPage(): JSX.Element {
  usePageTitle('Sweeps');
  const { resource, reload } = useResource('sweeps', loadLines, { live: null });
  // Apart from the rest: summing takes longer.
  const { resource: costs, reload: reloadCosts } = useResource('costs', (signal) => ask('GET /costs', { signal }), { live: null });
  const known = costs.value.state === 'ready' ? new Map(costs.value.value.map((each) => [each.sweep, each])) : null;
  const isStarting = useSignal(false);
  const search = place.value.query.get('search') ?? '';
  return (
    <>
      <div class="page-head">
        <h1>Sweeps</h1>
        {maySteer() && (
          <div class="actions">
            <button type="button" class="primary" onClick={() => (isStarting.value = true)}>
              Start a sweep
            </button>
          </div>
        )}
      </div>
      {isStarting.value && <StartDialog onClose={() => (isStarting.value = false)} />}
      {costs.value.state === 'failed' && <Failed error={costs.value.error} retry={reloadCosts} />}
      <Shown what="the sweeps" of={resource} retry={reload}>
        {(lines) => <SweepTable lines={lines.map((line) => ({ ...line, costs: known?.get(line.sweep.id) ?? null }))} search={search} />}
      </Shown>
    </>
  );
}

function SweepTable({ lines, search }: { readonly lines: readonly SweepLine[]; readonly search: string }): JSX.Element {
  const ticked = tickedHere().filter((id) => lines.some(({ sweep }) => sweep.id === id));
  const wanted = search.toLocaleLowerCase();
  const tag = place.value.query.get('tag');
  const tagged = tag === null ? lines : lines.filter(({ sweep }) => sweep.tags.includes(tag));
  const found = tagged.filter(({ sweep }) => `${sweep.name} ${sweep.state} ${sweep.objective.metric} ${sweep.tags.join(' ')}`.toLocaleLowerCase().includes(wanted));
  const rows = localRows(found, COLUMNS, sortingOf(place.value.query.get('sort') ?? 'started:desc'));
  const tools = (
    <>
      <input type="search" aria-label="Search sweeps" placeholder="Search" value={search} onInput={(event) => setQuery({ search: event.currentTarget.value }, { replace: true })} />
      {tag !== null && (
        <span class="chip">
          <span>
            Tag <bdi>{tag.slice(0, 40)}</bdi>
          </span>
          <button type="button" aria-label="Sweeps of all tags" onClick={() => setQuery({ tag: null })}>
            ×
          </button>
        </span>
      )}
      {ticked.length > 1 && (
        <a class="button" href={compareHref({ parameter: 'sweeps' }, ticked)}>
          Compare {ticked.length}
        </a>
      )}
      <TableTools columns={COLUMNS} rows={rows} file="sweeps" />
    </>
  );
  return (
    <Panel title={found.length === lines.length ? count(lines.length, 'sweep') : `${whole(found.length)} of ${count(lines.length, 'sweep')}`} flush tools={tools}>
      {found.length === 0 ? (
        <Empty>{lines.length === 0 ? <span>There are no sweeps yet. <code>trawl run FILE</code> starts one.</span> : <span>{tag === null || tagged.length > 0 ? `No sweep matches “${search.slice(0, 100)}”.` : 'No sweep has this tag.'}</span>}</Empty>
      ) : (
        <DataTable caption="Sweeps" columns={COLUMNS} rows={rows} keyOf={({ sweep }) => sweep.id} sortedBy="started:desc" file="sweeps" />
      )}
    </Panel>
  );
}
