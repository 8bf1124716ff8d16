/** Which hyperparameters decide: the share of the objective's variance that each explains (fANOVA). */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { Answers } from '../../api/types.js';
import { Figure, fitted } from '../../components/figure.js';
import { Empty, Failed, Loading } from '../../components/panel.js';
import { useResource } from '../../state/resource.js';
import { count, percent, whole } from '../../text/format.js';

const NAME_PX = 150;
const BAR_PX = 26;

export function Importance({ sweep }: { readonly sweep: string }): JSX.Element {
  const { resource, reload } = useResource(`importance ${sweep}`, (signal) => ask('GET /sweeps/:sweep/importance', { at: { sweep }, signal }), { live: sweep });
  const { value } = resource;
  if (value.state === 'loading') return <Loading what="the importance of hyperparameters" />;
  // Too few trials, or none that differ: what the coordinator says is what there is to know.
  if (value.state === 'failed') return value.error.status === 0 || value.error.status >= 500 ? <Failed error={value.error} retry={reload} /> : <Empty>{value.error.message}</Empty>;
  return <Bars view={value.value} />;
}

function Bars({ view: { sweep, metric, trials, of, alone, together } }: { readonly view: Answers['GET /sweeps/:sweep/importance'] }): JSX.Element {
  const bars = [...alone.map(({ name, share, spread }) => ({ name, share, spread })), { name: 'several together', share: together, spread: 0 }];
  const first = alone[0];
  return (
    <Figure
      title={`Importance for ${metric}`}
      summary={`Of ${metric}'s variance over ${count(trials, 'trial')}${trials < of ? ` of ${whole(of)}` : ''}${first === undefined ? '' : `; most by ${first.name}, ${percent(first.share)}`}`}
      height={bars.length * BAR_PX + 8}
      file={`${sweep.name}-importance`}
      table={() => ({ header: ['hyperparameter', 'share', 'spread'], rows: bars.map(({ name, share, spread }) => [name, share, spread]) })}
      draw={(width, colours) => {
        const room = width - NAME_PX - 64;
        return bars.map(({ name, share, spread }, index) => {
          const y = index * BAR_PX + 6;
          const end = NAME_PX + Math.max(1, share * room);
          return (
            <g key={name}>
              <text x={NAME_PX - 8} y={y + 13} text-anchor="end" fill={colours.text}>
                {fitted(name, NAME_PX - 12)}
              </text>
              <rect x={NAME_PX} y={y} width={end - NAME_PX} height={BAR_PX - 8} fill={index === bars.length - 1 ? colours.muted : colours.series[0]} />
              {spread > 0 && <line x1={NAME_PX + Math.max(0, share - spread) * room} x2={NAME_PX + Math.min(1, share + spread) * room} y1={y + 9} y2={y + 9} stroke={colours.text} />}
              <text x={NAME_PX + Math.min(1, share + spread) * room + 8} y={y + 13} fill={colours.text}>
                {percent(share)}
              </text>
            </g>
          );
        });
      }}
    />
  );
}
