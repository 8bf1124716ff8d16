/**
 * The trials of a sweep, the best first, filtered by a formula as `trawl trials --filter` takes it. Only the part
 * around what is in sight is asked for, however many trials there are.
 */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ask, segment } from '../../api/client.js';
import type { Answers, Json, SweepView, TrialState } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column, type Rows } from '../../components/data-table.js';
import { DraftInput } from '../../components/draft-input.js';
import { Mistakes } from '../../components/mistakes.js';
import { Empty, Failed, Loading, Panel } from '../../components/panel.js';
import { StateBadge } from '../../components/state-badge.js';
import { place, setQuery, type Place } from '../../state/location.js';
import { useResource, type Resource } from '../../state/resource.js';
import { count, metric, setting, whole } from '../../text/format.js';
import { LONGEST_FILTER } from './span-filter.js';

type View = Answers['GET /sweeps/:sweep/leaderboard'];

interface Row {
  readonly id: string;
  readonly number: number;
  readonly state: TrialState;
  readonly failure: string | null;
  /** By column. */
  readonly cells: { readonly [name: string]: Json };
}

/** An answer, as the table takes it. */
interface Part {
  readonly view: View;
  /** From the view's offset. */
  readonly rows: readonly Row[];
  /** The same ones as long as an answer has the same, so that rows which stay are not drawn anew. */
  readonly columns: readonly Column<Row>[];
  /** What the columns were made of. */
  readonly madeOf: string;
}

/** Rows at a time, and the most of an answer. */
const PART = 300;
const MOST = 1_000;
/** Shown in ways of their own. */
const OWN = new Set(['trial', 'state', 'failure']);

export function Leaderboard({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { query } = place.value;
  const filter = query.get('filter') ?? '';
  const sort = query.get('sort');
  const columns = query.get('columns')?.split('~').filter((name) => !OWN.has(name)).join(',') ?? null;
  const offset = useRef(0);
  /** Where typing led to, until it is done: a step back, or a choice, leads to another place. */
  const typed = useRef<Place | null>(null);
  /** As it was last answered: what there is to choose from, while something else is read or was refused. */
  const known = useRef<Part | null>(null);
  // The first rows at once, whatever else of the sweep has not been read so far.
  const quick = useRef(true);
  const asked = { filter: filter.trim() === '' ? null : filter, sort, columns: columns === '' ? null : columns };
  const { resource, reload } = useResource(
    `${sweep.id} ${JSON.stringify(asked)}`,
    async (signal) => partOf(sweep, await ask('GET /sweeps/:sweep/leaderboard', { at: { sweep: sweep.id }, query: { ...asked, offset: offset.current, limit: PART, quick: quick.current ? 1 : null }, signal }), known.current),
    { live: sweep.id },
  );
  const { value } = resource;
  const isPartial = value.state === 'ready' && value.value.view.partial;
  useEffect(() => {
    if (!isPartial) return;
    quick.current = false;
    reload();
  }, [isPartial]);
  if (value.state === 'ready') known.current = value.value;
  // One step back leads to the filter from before somebody typed.
  const refilter = (text: string, isDone: boolean): void => {
    if (text !== filter) {
      setQuery({ filter: text }, { replace: typed.current === place.value });
      typed.current = place.value;
    }
    if (isDone) typed.current = null;
  };
  const search = <DraftInput kind="search" followsTyping maxLength={LONGEST_FILTER} class="filter" aria-label="Filter trials by a formula" placeholder="Filter: val.loss < 0.2 && lr >= 0.01" value={filter} onCommit={refilter} />;
  const unready = value.state === 'ready' ? null : <Unready value={value} retry={reload} isChosen={columns !== null || sort !== null} isKept={known.current !== null} />;
  const part = known.current;
  // The box at the same place as below: what is being typed into it stays.
  if (part === null) return <Panel title="Trials" flush tools={<>{search}</>}>{unready}</Panel>;
  const { view, columns: all } = part;
  const rows: Rows<Row> = {
    total: view.matching,
    at: (index) => part.rows[index - view.offset],
    need: (from, to) => {
      // Of what is being read, or was refused, there are no others.
      if (unready !== null) return;
      const isThere = from >= view.offset && to <= view.offset + Math.max(view.trials.length, 1);
      const next = Math.max(0, Math.floor((from + to - PART) / 2));
      if (isThere || view.matching === 0 || next === offset.current) return;
      offset.current = next;
      reload();
    },
    all: () => allRows(sweep.id, view, asked, all),
  };
  const title = view.matching === view.total ? count(view.total, 'trial') : `${whole(view.matching)} of ${count(view.total, 'trial')}`;
  const file = `${sweep.name}-trials`;
  return (
    <Panel
      title={title}
      flush
      tools={
        <>
          {search}
          <TableTools columns={all} rows={rows} file={file} />
        </>
      }
    >
      {value.state === 'ready' && value.problem !== null && <Failed error={value.problem} retry={reload} />}
      {value.state === 'failed' && unready}
      {view.total === 0 ? (
        <Empty>No trial has been proposed yet.</Empty>
      ) : view.matching === 0 ? (
        <Empty>The filter holds for no trial.</Empty>
      ) : (
        <div aria-busy={value.state === 'loading'}>
          <DataTable caption="Trials, the best first" columns={all} rows={rows} keyOf={({ id }) => id} file={file} />
        </div>
      )}
    </Panel>
  );
}

interface UnreadyProps {
  readonly value: Exclude<Resource<View>, { readonly state: 'ready' }>;
  readonly retry: () => void;
  /** Whether the address names columns or a sorting, which may be of another sweep. */
  readonly isChosen: boolean;
  /** Whether the trials from before stand below. */
  readonly isKept: boolean;
}

function Unready({ value, retry, isChosen, isKept }: UnreadyProps): JSX.Element {
  if (value.state === 'loading') return <Loading what="the trials" />;
  if (value.error.code !== 'BadRequest') return <Failed error={value.error} retry={retry} />;
  return (
    <div class="notice">
      <Mistakes error={value.error} />
      {isKept && <span class="small">The trials below are those from before.</span>}
      {isChosen && (
        <button type="button" onClick={() => setQuery({ columns: null, sort: null })}>
          Show the usual columns in the usual order
        </button>
      )}
    </div>
  );
}

function partOf(sweep: SweepView, view: View, before: Part | null): Part {
  const madeOf = JSON.stringify([view.columns, view.available, sweep.objective.metric]);
  return { view, rows: view.trials.map((trial) => rowOf(view, trial)), columns: before?.madeOf === madeOf ? before.columns : columnsOf(sweep, view), madeOf };
}

function rowOf({ columns }: View, { id, number, state, failure, values }: View['trials'][number]): Row {
  return { id, number, state, failure: failure === null ? null : `${failure.class}: ${failure.message}`, cells: Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null])) };
}

/**
 * Every row for which the filter holds, with every column, in the order of the table. Read by their numbers: places
 * move while a sweep runs, so that parts by place would have some trials twice and others never.
 */
async function allRows(sweep: string, { available }: View, { filter, sort }: { readonly filter: string | null; readonly sort: string | null }, shown: readonly Column<Row>[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const columns = available.map(({ name }) => name).join(',');
  for (;;) {
    const after = `trial > ${rows.at(-1)?.number ?? -1}`;
    const view = await ask('GET /sweeps/:sweep/leaderboard', { at: { sweep }, query: { filter: filter === null ? after : `${after} ? (${filter}) : 0`, sort: 'trial:asc', columns, limit: MOST } });
    rows.push(...view.trials.map((trial) => rowOf(view, trial)));
    if (view.trials.length < MOST) break;
  }
  return localRows(rows, shown, sortingOf(sort ?? 'place:asc')).all();
}

function columnsOf(sweep: SweepView, { columns, available }: View): Column<Row>[] {
  const shown = new Set(columns.map(({ name }) => name));
  const others = available.filter(({ name }) => !OWN.has(name)).map(({ name, best, measured }): Column<Row> => ({
    name,
    label: name === 'objective' ? sweep.objective.metric : name === 'epochs' ? 'trained epochs' : name.replace(/^settings\./, ''),
    numeric: measured || name === 'epochs' || name.startsWith('settings.') ? true : false,
    // It is read for the trials in sight alone.
    ...(name === 'secondsPerEpoch' ? {} : { sort: best === 'high' ? ('desc' as const) : ('asc' as const) }),
    optional: !shown.has(name) || name === sweep.objective.metric,
    value: ({ cells: { [name]: value = null } }) => (value === null || typeof value !== 'object' ? value : setting(value)),
    show: ({ cells: { [name]: value = null } }) => (measured && typeof value === 'number' ? metric(value) : setting(value)),
  }));
  return [
    { name: 'trial', label: 'Trial', numeric: true, sort: 'asc', value: ({ number }) => number, show: ({ id, number }) => <a href={`/trials/${segment(id)}`}>{number}</a> },
    { name: 'state', label: 'State', sort: 'asc', value: ({ state }) => state, show: ({ state }) => <StateBadge state={state} /> },
    ...others,
    { name: 'failure', label: 'failure', optional: true, value: ({ failure }) => failure },
  ];
}
