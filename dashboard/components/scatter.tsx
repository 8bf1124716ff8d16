/** Points over two axes: thousands of them are one path for each colour. */
import type { JSX } from 'preact';
import { useColours } from './colours.js';
import { Figure, fitted, type FigureTable } from './figure.js';
import { brokenPath, type Point } from './lines.js';

export interface ScatterAxis {
  readonly label: string;
  readonly marks: readonly { readonly share: number; readonly text: string }[];
}

export interface ScatterPoint {
  /** In [0, 1]. */
  readonly x: number;
  readonly y: number;
  /** Of the palette, from 0. */
  readonly colour: number;
  /** What it is, in words. */
  readonly words: string;
  readonly isLarge?: boolean;
}

export interface ScatterProps {
  readonly title: string;
  readonly summary: string;
  readonly file: string;
  readonly x: ScatterAxis;
  readonly y: ScatterAxis;
  readonly points: readonly ScatterPoint[];
  /** Through points in [0, 1]. */
  readonly line?: readonly Point[];
  readonly height?: number;
  readonly table: () => FigureTable;
  readonly tools?: JSX.Element;
}

const LEFT_PX = 66;
const RIGHT_PX = 14;
const TOP_PX = 10;
const BOTTOM_PX = 46;
const NEAR_PX = 18;

export function Scatter({ title, summary, file, x, y, points, line = [], height = 260, table, tools }: ScatterProps): JSX.Element {
  const colours = useColours();
  const px = (share: number, width: number): number => LEFT_PX + share * (width - LEFT_PX - RIGHT_PX);
  const py = (share: number): number => height - BOTTOM_PX - share * (height - TOP_PX - BOTTOM_PX);
  const nearest = (atX: number, atY: number, width: number): ScatterPoint | null => {
    let best: ScatterPoint | null = null;
    let least = NEAR_PX ** 2;
    for (const point of points) {
      const distance = (px(point.x, width) - atX) ** 2 + (py(point.y) - atY) ** 2;
      if (distance <= least) [best, least] = [point, distance];
    }
    return best;
  };
  const path = (of: readonly ScatterPoint[], width: number): string => of.map((point) => `M${px(point.x, width).toFixed(1)} ${py(point.y).toFixed(1)}h0`).join('');
  const room = (width: number): number => (width - LEFT_PX - RIGHT_PX) / Math.max(1, x.marks.length);
  return (
    <Figure
      {...{ title, summary, height, file, table, tools }}
      describe={(atX, atY, width) => nearest(atX, atY, width)?.words ?? null}
      draw={(width) => (
        <>
          {y.marks.map(({ share, text }) => (
            <g key={share}>
              <line x1={LEFT_PX} x2={width - RIGHT_PX} y1={py(share)} y2={py(share)} stroke={colours.grid} />
              <text x={LEFT_PX - 6} y={py(share) + 4} text-anchor="end" fill={colours.text} font-size="11">
                {fitted(text, LEFT_PX - 20)}
              </text>
            </g>
          ))}
          {x.marks.map(({ share, text }) => (
            <g key={share}>
              <line x1={px(share, width)} x2={px(share, width)} y1={TOP_PX} y2={height - BOTTOM_PX} stroke={colours.grid} />
              <text x={px(share, width)} y={height - BOTTOM_PX + 16} text-anchor={share > 0.95 ? 'end' : 'middle'} fill={colours.text} font-size="11">
                {fitted(text, room(width))}
              </text>
            </g>
          ))}
          <text x={px(0.5, width)} y={height - 8} text-anchor="middle" fill={colours.muted}>
            {fitted(x.label, width - LEFT_PX)}
          </text>
          <text transform={`translate(12 ${py(0.5)}) rotate(-90)`} text-anchor="middle" fill={colours.muted}>
            {fitted(y.label, height - BOTTOM_PX)}
          </text>
          {line.length > 1 && <path d={brokenPath(line.map(([atX, atY]) => [px(atX, width), py(atY)]))} fill="none" stroke={colours.series[1]} stroke-width="1.5" />}
          {colours.series.map((colour, index) => (
            <path key={colour} d={path(points.filter((point) => point.colour === index && point.isLarge !== true), width)} stroke={colour} stroke-width="5" stroke-linecap="round" stroke-opacity={points.length > 500 ? 0.45 : 0.8} />
          ))}
          {colours.series.map((colour, index) => (
            <path key={colour} d={path(points.filter((point) => point.colour === index && point.isLarge === true), width)} stroke={colour} stroke-width="9" stroke-linecap="round" />
          ))}
        </>
      )}
    />
  );
}
