/** Whole sweeps side by side (compare/sweeps.tsx), or trials, of one sweep or of several: what sets them apart, how they learnt, what they say of the same images. */
import type { JSX } from 'preact';
import { ApiError } from '../api/api-error.js';
import { ask, segment } from '../api/client.js';
import type { TrialDetail } from '../api/types.js';
import { Chart } from '../components/chart.js';
import { usePageTitle } from '../components/page-title.js';
import { Empty, Panel, Shown } from '../components/panel.js';
import { place } from '../state/location.js';
import { useResource } from '../state/resource.js';
import { metric, setting } from '../text/format.js';
import { labelOf } from './compare/label.js';
import { AddForm, namesHere, TakeOut, TakeOutColumn, type Kind } from './compare/names.js';
import { SameImages } from './compare/same-images.js';
import { inOrder, SideBySide, textLine, type Line } from './compare/side-by-side.js';
import { CompareSweeps } from './compare/sweeps.js';
import { finite, quantitiesOf } from './trial/curves.js';
import '../styles/models.css';

/** By their ids, or as SWEEP/NUMBER. */
const TRIALS: Kind = { one: 'trial', parameter: 'trials', example: 'digits/3' };
const MOST_CHARTS = 8;

export function ComparePage(): JSX.Element {
  return place.value.query.has('sweeps') ? <CompareSweeps /> : <CompareTrials />;
}

function CompareTrials(): JSX.Element {
  usePageTitle('Compare trials');
  const names = namesHere(TRIALS);
  const { resource, reload } = useResource(`compare ${JSON.stringify(names)}`, (signal) => Promise.all(names.map((name) => found(name, signal))), { live: null });
  return (
    <>
      <div class="page-head">
        <h1>Compare trials</h1>
      </div>
      <AddForm kind={TRIALS} names={names} />
      {names.length === 0 ? (
        <Panel title="Nothing to compare yet">
          <Empty>Name two or more trials above, by their ids or as SWEEP/NUMBER; they may be of different sweeps.</Empty>
        </Panel>
      ) : (
        <Shown what="the trials" of={resource} retry={reload}>
          {(all) => (
            <>
              {all.map(({ name, error }) => error !== null && <Unfound key={name} name={name} error={error} />)}
              <Comparison found={all} />
            </>
          )}
        </Shown>
      )}
    </>
  );
}

interface Found {
  readonly name: string;
  /** One of the two. */
  readonly detail: TrialDetail | null;
  readonly error: ApiError | null;
}

/** One name that is wrong leaves the others in sight. Throws the ApiError of a coordinator that is away. */
async function found(name: string, signal: AbortSignal): Promise<Found> {
  try {
    return { name, detail: await ask('GET /trials/:trial', { at: { trial: name }, query: { test: 0 }, signal }), error: null };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) throw error;
    return { name, detail: null, error };
  }
}

function Unfound({ name, error }: { readonly name: string; readonly error: ApiError }): JSX.Element {
  return (
    <div class="notice failed" role="alert">
      <span dir="auto">{error.message}</span>
      <TakeOut kind={TRIALS} name={name} />
    </div>
  );
}

function Comparison({ found: all }: { readonly found: readonly Found[] }): JSX.Element | null {
  const there = all.flatMap(({ name, detail }) => (detail === null ? [] : [{ name, detail }]));
  const details = there.map(({ detail }) => detail);
  if (details.length === 0) return null;
  return (
    <>
      <Differences details={details} names={there.map(({ name }) => name)} />
      <Overlays details={details} />
      <SameImages details={details} />
    </>
  );
}

function linesOf(details: readonly TrialDetail[]): readonly Line[] {
  const trials = details.map(({ trial }) => trial);
  const namesOf = (of: (trial: TrialDetail['trial']) => object): string[] => [...new Set(trials.flatMap((trial) => Object.keys(of(trial))))];
  return inOrder(
    namesOf(({ settings }) => settings).map((name) => textLine(name, trials.map(({ settings }) => setting(settings[name])))),
    [
      textLine('state', trials.map(({ state }) => state)),
      ...namesOf(({ metrics }) => metrics).map((name) => textLine(name, trials.map(({ metrics }) => metric(metrics[name])))),
      textLine('epochs trained', trials.map(({ epochs }) => String(epochs))),
    ],
  );
}

/** `names`: as the address has them. */
function Differences({ details, names }: { readonly details: readonly TrialDetail[]; readonly names: readonly string[] }): JSX.Element {
  const heads = details.map((detail, index) => {
    const [name, label] = [names[index] ?? '', labelOf(detail, details)];
    const head = (
      <>
        <a href={`/trials/${segment(detail.trial.id)}`}>{label}</a> <TakeOutColumn kind={TRIALS} name={name} label={label} />
      </>
    );
    return { key: name, head };
  });
  return (
    <Panel title="What differs" flush>
      <SideBySide label="Settings and metrics side by side" heads={heads} lines={linesOf(details)} />
    </Panel>
  );
}

/** One chart for each metric that the trials report: a line for each trial. */
function Overlays({ details }: { readonly details: readonly TrialDetail[] }): JSX.Element {
  const names = [...new Set(details.flatMap(({ curve }) => quantitiesOf(curve).flatMap((quantity) => quantity.names)))].filter((name) => !name.endsWith('.lr'));
  const left = names.slice(MOST_CHARTS);
  const epochs = Math.max(0, ...details.map(({ curve }) => curve.length));
  if (names.length === 0) return <Panel title="Curves"><Empty>None of them has reported numbers yet.</Empty></Panel>;
  return (
    <>
      <div class="grid">
        {names.slice(0, MOST_CHARTS).map((name) => (
          <Panel key={name} title={name}>
            <Chart
              spec={{
                title: name,
                x: { label: 'Epoch', whole: true },
                y: { label: name },
                xs: Array.from({ length: epochs }, (_, epoch) => epoch),
                series: details.map((detail, index) => ({ label: labelOf(detail, details), values: Array.from({ length: epochs }, (_, epoch) => finite(detail.curve[epoch]?.metrics[name])), colour: index + 1, kind: 'line' as const })),
              }}
              summary={details.map((detail) => `${labelOf(detail, details)}: ${metric(detail.trial.metrics[name])}`).join(', ')}
              file={`compare-${name}`}
            />
          </Panel>
        ))}
      </div>
      {left.length > 0 && <p class="small muted">Not drawn here: {left.join(', ').slice(0, 500)}.</p>}
    </>
  );
}
