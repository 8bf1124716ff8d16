/**
 * Hundreds and thousands of lines on uPlot's canvas, between its axes and under its zoom: one path for each colour, as
 * thin as a canvas draws them fast. As series of uPlot's own each is stroked, clipped and asked for its points by
 * itself: 5,000 took seconds. Those that the legend names lie above the rest. The line under the pointer is drawn once
 * more above all others, which step back.
 */
import type uPlot from 'uplot';
import { dashesOf, MOST_IN_LEGEND, usable, type ChartSeries, type ChartSpec } from './chart-spec.js';
import { envelope, laid, nearestLine, type LaidLine, type NearestLine } from './laid-lines.js';

/** The pointer's reach. */
const NEAR_PX = 24;
const POINT_PX = 2.5;
const NAMED_WIDTH_PX = 2.5;
const LEGEND_WIDTH_PX = 1.6;
/** As wide as what lies on the edge of the picture is still in it. */
const EDGE_PX = 0.5;
/** Of the surface's colour, over lines that step back. */
const VEIL = 0.65;

export interface LayerColours {
  readonly surface: string;
  readonly series: (colour: number) => string;
}

export class LineLayer {
  readonly #colours: LayerColours;
  readonly #above = document.createElement('canvas');
  #xs: readonly number[] = [];
  /** With the values that have a place on the axis. */
  #series: readonly ChartSeries[] = [];
  #lines: readonly LaidLine[] = [];
  #named: NearestLine | null = null;

  constructor(spec: ChartSpec, colours: LayerColours) {
    this.#colours = colours;
    this.#above.className = 'named-line';
    this.update(spec);
  }

  update({ xs, series, y }: ChartSpec): void {
    this.#xs = xs;
    this.#series = series.map((each) => usable(each, y));
  }

  /** What uPlot has of the lines, for its scales: the least and the greatest value at each x. */
  data(): uPlot.AlignedData {
    return [[...this.#xs], ...envelope(this.#series, this.#xs.length)];
  }

  /** Once uPlot has drawn its axes, for the scales that it has now. No line is named any more. */
  draw(chart: uPlot): void {
    const places = { xs: this.#xs.map((x) => chart.valToPos(x, 'x', true)), y: (value: number) => chart.valToPos(value, 'y', true) };
    this.#lines = this.#series.map((each) => laid(each, places));
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = devicePixelRatio;
    const [named, others] = [this.#series.slice(0, MOST_IN_LEGEND), this.#series.slice(MOST_IN_LEGEND)];
    for (const colour of new Set(others.map((each) => each.colour))) drawRuns(ctx, this.#lines.filter((_, line) => others[line - MOST_IN_LEGEND]?.colour === colour), this.#look(colour));
    ctx.lineWidth = LEGEND_WIDTH_PX * devicePixelRatio;
    // The first of the legend lies above all.
    for (const { colour, line } of named.map((each, index) => ({ colour: each.colour, line: this.#lines[index] })).reverse()) if (line !== undefined) drawRuns(ctx, [line], this.#look(colour));
    ctx.restore();
    this.#name(chart, null);
  }

  /** Which line is under the pointer, in words for whoever asked: its place in the spec and that of its value. */
  hover(chart: uPlot): NearestLine | null {
    const { left = -1, top = -1 } = chart.cursor;
    const { bbox } = chart;
    const scale = devicePixelRatio;
    const sight = [bbox.left - EDGE_PX, bbox.left + bbox.width + EDGE_PX] as const;
    const nearest = left < 0 || top < 0 ? null : nearestLine(this.#lines, { x: left * scale + bbox.left, y: top * scale + bbox.top, reach: NEAR_PX * scale, sight });
    if (nearest?.line !== this.#named?.line || nearest?.index !== this.#named?.index) this.#name(chart, nearest);
    return nearest;
  }

  #name(chart: uPlot, named: NearestLine | null): void {
    this.#named = named;
    const { width, height, left, top } = chart.bbox;
    this.#above.width = width;
    this.#above.height = height;
    if (this.#above.parentElement === null) chart.over.prepend(this.#above);
    const ctx = this.#above.getContext('2d');
    const [line, series] = [this.#lines[named?.line ?? -1], this.#series[named?.line ?? -1]];
    if (ctx === null || line === undefined || series === undefined) return;
    ctx.globalAlpha = VEIL;
    ctx.fillStyle = this.#colours.surface;
    ctx.fillRect(0, 0, width, height);
    ctx.globalAlpha = 1;
    ctx.translate(-left, -top);
    ctx.lineWidth = NAMED_WIDTH_PX * devicePixelRatio;
    drawRuns(ctx, [line], this.#look(series.colour));
  }

  #look(colour: number): Look {
    return { stroke: this.#colours.series(colour), dashes: dashesOf({ colour }).map((px) => px * devicePixelRatio) };
  }
}

interface Look {
  readonly stroke: string;
  /** In pixels of the device. */
  readonly dashes: readonly number[];
}

/** All of them at a stroke; runs of one point as points. */
function drawRuns(ctx: CanvasRenderingContext2D, lines: readonly LaidLine[], { stroke, dashes }: Look): void {
  const [runs, alone] = [new Path2D(), new Path2D()];
  const radius = POINT_PX * devicePixelRatio;
  for (const { points } of lines) {
    const isAt = (at: number): boolean => !Number.isNaN(points[at] ?? Number.NaN);
    for (let at = 0; at < points.length; at += 2) {
      if (!isAt(at)) continue;
      const [x, y] = [points[at] ?? 0, points[at + 1] ?? 0];
      if (isAt(at - 2)) runs.lineTo(x, y);
      else if (isAt(at + 2)) runs.moveTo(x, y);
      else {
        alone.moveTo(x + radius, y);
        alone.arc(x, y, radius, 0, 2 * Math.PI);
      }
    }
  }
  ctx.strokeStyle = stroke;
  ctx.fillStyle = stroke;
  ctx.setLineDash([...dashes]);
  ctx.stroke(runs);
  ctx.fill(alone);
}
