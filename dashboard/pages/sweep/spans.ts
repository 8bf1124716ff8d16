/**
 * Which trials are kept in sight: those whose values lie in spans of the axes. An address holds the values
 * themselves, `lr:0.001:0.1~optimizer=adam,sgd`, so it says the same however the axes grow. Pure.
 */
import { setting } from '../../text/format.js';
import { numberAt, shareOfNumber, type Dimension } from './dimension.js';
import type { PlotTrial } from './points.js';

/** Of one axis: numbers from one to another, both within, or some of its categories. */
export type Span =
  | { readonly name: string; readonly from: number; readonly to: number }
  | { readonly name: string; readonly categories: readonly string[] };

/** Of one span: all of them stand in the address, which servers take to a length of some thousand signs. */
export const MOST_CATEGORIES = 50;

export function spansIn(text: string | null): Span[] {
  return (text ?? '').split('~').flatMap((part): Span[] => {
    const [, name = '', from, to, categories] = /^([^:=]+)(?::([^:]+):([^:]+)|=(.*))$/s.exec(part) ?? [];
    if (categories !== undefined) return [{ name: decoded(name), categories: categories === '' ? [] : categories.split(',', MOST_CATEGORIES).map(decoded) }];
    const [least, most] = [Number(from), Number(to)];
    return Number.isFinite(least) && Number.isFinite(most) ? [{ name: decoded(name), from: least, to: most }] : [];
  });
}

export function spansText(spans: readonly Span[]): string {
  return spans.map((span) => (('categories' in span) ? `${encoded(span.name)}=${span.categories.map(encoded).join(',')}` : `${encoded(span.name)}:${span.from}:${span.to}`)).join('~');
}

/** Signs of the notation, within a name, as %XX. */
function encoded(text: string): string {
  return text.replaceAll(/[%~:=,]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decoded(text: string): string {
  return text.replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Whether a trial lies in all spans; one of an axis that there is not holds nobody back. */
export function isWithin(trial: PlotTrial, spans: readonly Span[], axes: readonly Dimension[]): boolean {
  return spans.every((span) => {
    const axis = axes.find(({ name }) => name === span.name);
    if (axis === undefined) return true;
    const value = axis.of(trial);
    if ('categories' in span) return value !== null && span.categories.includes(setting(value));
    return typeof value === 'number' && value >= span.from && value <= span.to;
  });
}

/** What lies between two places of an axis, in its shares; null for no category. Ends between values have four digits; of more categories than a span holds, the first. */
export function spanBetween(axis: Dimension, one: number, other: number): Span | null {
  const { name, categories, least, most } = axis;
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  if (categories !== null) {
    const kept = categories.filter((_, index) => low <= categoryShare(axis, index) && categoryShare(axis, index) <= high);
    return kept.length === 0 ? null : { name, categories: kept.slice(0, MOST_CATEGORIES) };
  }
  const end = (share: number): number => (share <= 0 ? least : share >= 1 ? most : Number(numberAt(axis, share).toPrecision(4)));
  return { name, from: end(low), to: end(high) };
}

/** All of an axis, or as many of its categories as a span holds. */
export function wholeSpan({ name, categories, least, most }: Dimension): Span {
  return categories === null ? { name, from: least, to: most } : { name, categories: categories.slice(0, MOST_CATEGORIES) };
}

/** Half as wide as a category stands out by. */
const CATEGORY_SHARE = 0.015;

/** Where a span lies on its axis, in shares of it, each from the lower to the higher. */
export function sharesOf(axis: Dimension, span: Span): (readonly [number, number])[] {
  if ('categories' in span) {
    return (axis.categories ?? []).flatMap((text, index) => (span.categories.includes(text) ? [[Math.max(0, categoryShare(axis, index) - CATEGORY_SHARE), Math.min(1, categoryShare(axis, index) + CATEGORY_SHARE)] as const] : []));
  }
  if (axis.categories !== null) return [];
  const at = (value: number): number => (axis.log && value <= 0 ? 0 : Math.min(1, Math.max(0, shareOfNumber(axis, value))));
  return [[at(span.from), at(span.to)]];
}

function categoryShare({ categories }: Dimension, index: number): number {
  return categories === null || categories.length < 2 ? 0.5 : index / (categories.length - 1);
}
