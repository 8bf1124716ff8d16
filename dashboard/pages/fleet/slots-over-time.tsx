/** What the slots of all workers were at, over a window that ends now. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ask } from '../../api/client.js';
import { Choice } from '../../components/choice.js';
import { Empty, Panel, Shown } from '../../components/panel.js';
import { SlotChart } from '../../components/slot-chart.js';
import { place, setQuery } from '../../state/location.js';
import { useResource } from '../../state/resource.js';

const WINDOWS = [15, 60, 360, 1_440] as const;
const DEFAULT_MINUTES = 15;
const WINDOW_TEXT: { readonly [minutes: number]: string } = { 15: '15 minutes', 60: 'an hour', 360: '6 hours', 1_440: 'a day' };
const EVERY_MS = 10_000;

export function SlotsOverTime(): JSX.Element {
  const asked = Number(place.value.query.get('minutes') ?? DEFAULT_MINUTES);
  const minutes = WINDOWS.find((each) => each === asked) ?? DEFAULT_MINUTES;
  const { resource, reload } = useResource(`timeline ${minutes}`, (signal) => ask('GET /timeline', { query: { minutes }, signal }));
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const tools = <Choice label="Window" value={WINDOW_TEXT[minutes] ?? ''} options={WINDOWS.map((each) => WINDOW_TEXT[each] ?? '')} onChange={(text) => setQuery({ minutes: String(WINDOWS.find((each) => WINDOW_TEXT[each] === text) ?? DEFAULT_MINUTES) })} />;
  return (
    <Panel title="Slots over time" tools={tools}>
      <Shown what="the timeline" of={resource} retry={reload}>
        {(timeline) => (timeline.attempts.length === 0 ? <Empty>No slot was at work within {WINDOW_TEXT[minutes]}.</Empty> : <SlotChart title="Slots over time" timeline={timeline} axis="clock" file="slots-over-time" />)}
      </Shown>
    </Panel>
  );
}
