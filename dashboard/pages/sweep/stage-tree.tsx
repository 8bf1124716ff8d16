/** What a sweep's trials share, as a tree of stages that is opened level by level, and who is at what of it. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask, segment } from '../../api/client.js';
import type { Answers, Json, SweepView } from '../../api/types.js';
import { Menu } from '../../components/menu.js';
import { Empty, Panel, Shown } from '../../components/panel.js';
import { ProgressBar, StageState } from '../../components/state-badge.js';
import { Tree, TreeItem } from '../../components/tree.js';
import { place, setQuery } from '../../state/location.js';
import { closed, opened, openIn, openText, shortKey, type OpenStages } from '../../state/open-stages.js';
import { useResource } from '../../state/resource.js';
import { perform } from '../../state/trouble.js';
import { csv, type Cell } from '../../text/csv.js';
import { download } from '../../text/download.js';
import { count, duration, epochsText, setting, shortened, whole } from '../../text/format.js';

type Level = Answers['GET /sweeps/:sweep/stages'];
type Stage = Level['stages'][number];
type Settings = { readonly [name: string]: Json };

const PAGE = 100;

function openNow(): OpenStages {
  return openIn(place.value.query.get('open'));
}

function show(open: OpenStages): void {
  setQuery({ open: openText(open) }, { replace: true });
}

function readLevel(sweep: SweepView, parent: Stage | null, offset: number, signal?: AbortSignal): Promise<Level> {
  return ask('GET /sweeps/:sweep/stages', { at: { sweep: sweep.id }, query: { parent: parent?.key ?? null, from: parent?.to ?? 0, offset, limit: PAGE }, ...(signal === undefined ? {} : { signal }) });
}

export function StageTree({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const offset = openNow().get('') ?? 0;
  const { resource, reload } = useResource(`stages ${sweep.id} ${offset}`, (signal) => readLevel(sweep, null, offset, signal), { live: sweep.id });
  return (
    <Shown what="the stages" of={resource} retry={reload}>
      {(level) => (
        <Panel title={level.of === 0 ? 'Stages' : `${count(level.of, 'first stage')}, ${count(level.requested, 'epoch')} asked for`} tools={<Exports sweep={sweep} />}>
          {level.of === 0 ? (
            <Empty>No trial has an epoch to train.</Empty>
          ) : (
            <>
              <p class="small muted">A stage is trained once for all trials that share it. Of those it names the hyperparameters in which they agree; open it to see where they part. Trials that were cancelled are left out.</p>
              <Tree label={`Stages of ${shortened(sweep.name)}`}>{(active) => <Stages level={level} parent={null} depth={1} known={{}} above={[]} sweep={sweep} active={active} />}</Tree>
            </>
          )}
        </Panel>
      )}
    </Shown>
  );
}

interface Around {
  readonly sweep: SweepView;
  /** From 1. */
  readonly depth: number;
  /** What is said above. */
  readonly known: Settings;
  /** Keys of the open stages that these stand in. */
  readonly above: readonly string[];
  readonly active: Signal<string | null>;
}

interface StagesProps extends Around {
  readonly level: Level;
  readonly parent: Stage | null;
}

function Stages({ level, parent, ...around }: StagesProps): JSX.Element {
  const { of, offset, stages } = level;
  const key = parent === null ? '' : shortKey(parent.key);
  const turn = (name: string, text: string, to: number): JSX.Element => (
    <TreeItem id={`stage-${key}-${name}`} level={around.depth} isOpen={null} active={around.active} onClick={() => show(opened(openNow(), key, { offset: to, above: around.above }))} line={<span class="link">{text}</span>} />
  );
  return (
    <>
      {offset > 0 && turn('before', `Show the ${whole(Math.min(PAGE, offset))} before`, Math.max(0, offset - PAGE))}
      {stages.map((stage, index) => (
        <StageItem key={stage.key} stage={stage} place={offset + index + 1} of={of} {...around} />
      ))}
      {offset + stages.length < of && turn('after', `Show the next ${whole(Math.min(PAGE, of - offset - stages.length))}, of ${whole(of)}`, offset + stages.length)}
    </>
  );
}

interface StageItemProps extends Around {
  readonly stage: Stage;
  readonly place: number;
  readonly of: number;
}

function StageItem({ stage, place: position, of, ...around }: StageItemProps): JSX.Element {
  const key = shortKey(stage.key);
  const open = openNow();
  const isOpen = stage.ends === stage.trials ? null : open.has(key);
  const own = Object.entries(stage.settings).filter(([name]) => !(name in around.known)).map(([name, value]) => ({ name, value: setting(value) }));
  return (
    <TreeItem
      id={`stage-${key}`}
      level={around.depth}
      place={position}
      of={of}
      isOpen={isOpen}
      active={around.active}
      onClick={() => {
        if (isOpen !== null) show(isOpen ? closed(openNow(), key) : opened(openNow(), key, { above: around.above }));
      }}
      line={<StageLine stage={stage} own={own} sweep={around.sweep} isActive={around.active.value === `stage-${key}`} />}
    >
      <Below stage={stage} {...around} depth={around.depth + 1} known={{ ...around.known, ...stage.settings }} above={[...around.above, key]} offset={open.get(key) ?? 0} />
    </TreeItem>
  );
}

function Below({ stage, offset, ...around }: Around & { readonly stage: Stage; readonly offset: number }): JSX.Element {
  const { sweep, depth, active } = around;
  const { resource, reload } = useResource(`stages ${sweep.id} ${stage.key} ${offset}`, (signal) => readLevel(sweep, stage, offset, signal), { live: sweep.id });
  const { value } = resource;
  const id = `stage-${shortKey(stage.key)}-read`;
  if (value.state === 'loading') return <TreeItem id={id} level={depth} isOpen={null} active={active} line={<span class="muted">Loading the stages</span>} />;
  if (value.state === 'failed') {
    const text = `${value.error.message} (${value.error.code}). Try again`;
    return <TreeItem id={id} level={depth} isOpen={null} active={active} onClick={reload} line={<span class="link bad">{text}</span>} />;
  }
  return <Stages level={value.value} parent={stage} {...around} />;
}

function factsOf({ trials, saved, ends, failed, infeasible, attemptsBelow }: Stage): string[] {
  return [count(trials, 'trial'), ...(saved > 0 ? [`saves ${count(saved, 'epoch')}`] : []), ...(failed > 0 ? [`${whole(failed)} failed`] : []), ...(infeasible > 0 ? [`${whole(infeasible)} infeasible`] : []), ...(ends > 0 && ends < trials ? [`${whole(ends)} ${ends === 1 ? 'ends' : 'end'} here`] : []), ...(attemptsBelow > 0 ? [`${whole(attemptsBelow)} running below`] : [])];
}

function attemptText({ kind, worker, epoch }: Stage['attempts'][number]): string {
  return `${shortened(worker, 40)} ${kind === 'train' ? 'trains' : 'evaluates'} epoch ${epoch}`;
}

interface StageLineProps {
  readonly stage: Stage;
  readonly own: readonly { readonly name: string; readonly value: string }[];
  readonly sweep: SweepView;
  readonly isActive: boolean;
}

function StageLine({ stage, own, sweep, isActive }: StageLineProps): JSX.Element {
  const { from, to, state, recorded, seconds, ending, ends, attempts } = stage;
  return (
    <>
      <span class="stage-words">
        <strong>{epochsText(from, to)}</strong>
        {own.map(({ name, value }) => (
          <span key={name} class="mark" title={`${name} ${value}`.slice(0, 1_000)}>
            {name} <bdi>{shortened(value, 60)}</bdi>
          </span>
        ))}
        <span class="muted small">{factsOf(stage).join(', ')}</span>
        {ending.map((number) => (
          <a key={number} href={`/trials/${segment(`${sweep.name}/${number}`)}`} tabIndex={isActive ? 0 : -1}>
            #{number}
          </a>
        ))}
        {ends > ending.length && <span class="muted small">and {whole(ends - ending.length)} more</span>}
        {attempts.map((attempt) => (
          <span key={attempt.attempt} class="mark busy">
            <bdi>{attemptText(attempt)}</bdi>
          </span>
        ))}
      </span>
      <span class="stage-state">
        <ProgressBar label={`Epochs of the stage: ${recorded} of ${to - from}`} done={recorded} total={to - from} />
        <span class="small muted">{recorded === 0 ? '–' : duration(seconds * 1_000)}</span>
        <StageState state={state} />
      </span>
    </>
  );
}

const NAMES = ['depth', 'from', 'to', 'state', 'trials', 'ends', 'ending', 'saved', 'recorded', 'seconds', 'done', 'failed', 'infeasible', 'running', 'settings', 'attempts', 'key'] as const;

/** What is open, read anew. */
async function shownStages(sweep: SweepView): Promise<Cell[][]> {
  const open = openNow();
  const rows: Cell[][] = [];
  const walk = async (parent: Stage | null, depth: number): Promise<void> => {
    const { stages } = await readLevel(sweep, parent, open.get(parent === null ? '' : shortKey(parent.key)) ?? 0);
    for (const stage of stages) {
      const { from, to, state, trials, ends, ending, saved, recorded, seconds, done, failed, infeasible, running, settings, attempts, key } = stage;
      rows.push([depth, from, to, state, trials, ends, ending.join(' '), saved, recorded, seconds, done, failed, infeasible, running, JSON.stringify(settings), attempts.map(attemptText).join('; '), key]);
      if (ends < trials && open.has(shortKey(key))) await walk(stage, depth + 1);
    }
  };
  await walk(null, 0);
  return rows;
}

function Exports({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const file = `${sweep.name}-stages`;
  return (
    <Menu label="Export">
      <button type="button" onClick={() => perform('The export', async () => download(`${file}.csv`, csv(NAMES, await shownStages(sweep)), 'text/csv'))}>
        CSV of what is open
      </button>
      <button type="button" onClick={() => perform('The export', async () => download(`${file}.json`, JSON.stringify((await shownStages(sweep)).map((row) => Object.fromEntries(row.map((cell, index) => [NAMES[index] ?? '', cell]))), null, 1), 'application/json'))}>
        JSON of what is open
      </button>
    </Menu>
  );
}
