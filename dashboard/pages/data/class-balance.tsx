/** How many images of each class there are in each part. */
import type { JSX } from 'preact';
import type { DataSetView, Part } from '../../api/types.js';
import { Figure, fitted } from '../../components/figure.js';
import { steps } from '../../components/ticks.js';
import { count, isolated, percent, shortened, whole } from '../../text/format.js';

const PARTS: readonly { readonly part: Part; readonly label: string; readonly colour: number }[] = [
  { part: 'train', label: 'Train', colour: 1 },
  { part: 'val', label: 'Val', colour: 2 },
  { part: 'test', label: 'Test', colour: 3 },
];

const ROW_PX = 28;
const BAR_PX = 18;
const TOP_PX = 4;
const BOTTOM_PX = 44;
const RIGHT_PX = 64;
/** More bars than that are not looked at; the export has all. */
const MOST_CLASSES = 200;

export function ClassBalance({ set }: { readonly set: DataSetView }): JSX.Element {
  const rows = set.classes.map((name, label) => {
    const parts = PARTS.map(({ part }) => set.counts[part][label] ?? 0);
    return { name, parts, total: parts.reduce((sum, images) => sum + images, 0) };
  });
  const shown = rows.slice(0, MOST_CLASSES);
  const most = Math.max(1, ...shown.map(({ total }) => total));
  const height = TOP_PX + shown.length * ROW_PX + BOTTOM_PX;
  const leftPx = (width: number): number => Math.min(180, width * 0.3);
  const words = (row: (typeof rows)[number]): string => `${isolated(shortened(row.name))}: ${PARTS.map(({ label }, index) => `${whole(row.parts[index] ?? 0)} ${label.toLowerCase()}`).join(', ')} (${percent(set.images === 0 ? 0 : row.total / set.images)} of all)`;
  const largest = rows.reduce((best, row) => (row.total > best.total ? row : best), rows[0] ?? { name: '', parts: [], total: 0 });
  const least = rows.reduce((best, row) => (row.total < best.total ? row : best), largest);
  return (
    <>
      <Figure
        title="Images of each class"
        summary={`${count(rows.length, 'class', 'classes')}; most images: ${isolated(shortened(largest.name, 40))} (${whole(largest.total)}), fewest: ${isolated(shortened(least.name, 40))} (${whole(least.total)})${rows.length > shown.length ? `; the first ${MOST_CLASSES} are drawn` : ''}`}
        height={height}
        file={`data-${set.id.slice(0, 12)}-classes`}
        table={() => ({ header: ['class', ...PARTS.map(({ part }) => part)], rows: rows.map(({ name, parts }) => [name, ...parts]) })}
        describe={(_, y) => {
          const row = shown[Math.floor((y - TOP_PX) / ROW_PX)];
          return row === undefined ? null : words(row);
        }}
        draw={(width, colours) => {
          const left = leftPx(width);
          const scale = (images: number): number => (images / most) * (width - left - RIGHT_PX);
          const bottom = TOP_PX + shown.length * ROW_PX;
          return (
            <>
              {steps(0, most, { closest: 1, parts: width < 500 ? 3 : 6 }).map((tick) => (
                <g key={tick}>
                  <line x1={left + scale(tick)} y1={TOP_PX} x2={left + scale(tick)} y2={bottom} stroke={colours.grid} />
                  <text x={left + scale(tick)} y={bottom + 16} fill={colours.muted} text-anchor="middle">
                    {whole(tick)}
                  </text>
                </g>
              ))}
              <text x={left + scale(most) / 2} y={bottom + 36} fill={colours.muted} text-anchor="middle">
                Images
              </text>
              {shown.map(({ name, parts, total }, row) => {
                const y = TOP_PX + row * ROW_PX;
                return (
                  <g key={row}>
                    <text x={left - 8} y={y + 18} fill={colours.text} text-anchor="end" direction="ltr" unicode-bidi="isolate">
                      {fitted(name, (left - 8) * 0.85)}
                    </text>
                    {parts.map((images, index) => (
                      <rect key={index} x={left + scale(parts.slice(0, index).reduce((sum, before) => sum + before, 0))} y={y + (ROW_PX - BAR_PX) / 2} width={scale(images)} height={BAR_PX} fill={colours.series[(PARTS[index]?.colour ?? 1) - 1]} />
                    ))}
                    <text x={left + scale(total) + 6} y={y + 18} fill={colours.text}>
                      {whole(total)}
                    </text>
                  </g>
                );
              })}
            </>
          );
        }}
      />
      <ul class="legend">
        {PARTS.map(({ part, label, colour }) => (
          <li key={part}>
            <span class="swatch" style={{ background: `var(--series-${colour})` }} />
            {label}
          </li>
        ))}
      </ul>
    </>
  );
}
