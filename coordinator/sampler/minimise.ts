/**
 * Minimises a smooth function in a box: L-BFGS (Nocedal and Wright 2006, algorithm 7.4) on the
 * coordinates that are free, each step projected into the box and shortened until it descends (Bertsekas
 * 1982, "Projected Newton methods for optimization problems with simple constraints").
 */
export interface Evaluation {
  readonly value: number;
  /** [dimensions] */
  readonly gradient: Float64Array;
}

export interface Minimisation {
  readonly start: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Evaluations at most. */
  readonly evaluations: number;
  /** It ends where no free coordinate's slope is steeper. */
  readonly tolerance: number;
}

const MEMORY = 8;
/** Armijo's condition: this share of the descent that the slope promises. */
const DESCENT = 1e-4;

interface Step {
  readonly moved: Float64Array;
  readonly turned: Float64Array;
  readonly curvature: number;
}

/** The best place met and the value there. A value that is not finite counts as too high. */
export function minimise(evaluate: (at: Float64Array) => Evaluation, { start, low, high, evaluations, tolerance }: Minimisation): { readonly at: Float64Array; readonly value: number } {
  const clamp = (at: Float64Array): Float64Array => at.map((value, index) => Math.min(high[index]!, Math.max(low[index]!, value)));
  let at = clamp(start);
  let here = evaluate(at);
  let left = evaluations - 1;
  let steps: Step[] = [];
  while (left > 0) {
    const free = freeSlopes(at, here.gradient, low, high);
    if (free.every((slope) => Math.abs(slope) <= tolerance)) break;
    let direction = descentOf(free, steps);
    if (dot(direction, free) >= 0) {
      steps = [];
      direction = descentOf(free, steps);
    }
    let next: Float64Array | null = null;
    let there = here;
    for (let length = 1; left > 0 && length > 1e-8; length /= there.value > here.value ? 4 : 2) {
      const tried = clamp(at.map((value, index) => value + length * direction[index]!));
      const moved = tried.map((value, index) => value - at[index]!);
      there = evaluate(tried);
      left -= 1;
      if (there.value <= here.value + DESCENT * dot(here.gradient, moved)) {
        next = tried;
        break;
      }
    }
    if (next === null) {
      if (steps.length === 0) break;
      steps = [];
      continue;
    }
    const moved = next.map((value, index) => value - at[index]!);
    const turned = there.gradient.map((slope, index) => slope - here.gradient[index]!);
    const curvature = dot(moved, turned);
    if (curvature > 1e-12) steps = [...steps, { moved, turned, curvature }].slice(-MEMORY);
    at = next;
    here = there;
  }
  return { at, value: here.value };
}

/** The gradient, zero where it pushes against a wall of the box. */
function freeSlopes(at: Float64Array, gradient: Float64Array, low: Float64Array, high: Float64Array): Float64Array {
  return gradient.map((slope, index) => ((at[index]! <= low[index]! && slope > 0) || (at[index]! >= high[index]! && slope < 0) ? 0 : slope));
}

/** The two-loop recursion; without steps to learn from, down the slope by at most a tenth. */
function descentOf(slopes: Float64Array, steps: readonly Step[]): Float64Array {
  const direction = slopes.map((slope) => -slope);
  const last = steps.at(-1);
  if (last === undefined) {
    const steepest = slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
    return direction.map((value) => value * Math.min(1, 0.1 / steepest));
  }
  const shares = steps.toReversed().map(({ moved, turned, curvature }) => {
    const share = dot(moved, direction) / curvature;
    turned.forEach((value, index) => (direction[index]! -= share * value));
    return share;
  });
  const scale = last.curvature / dot(last.turned, last.turned);
  direction.forEach((value, index) => (direction[index] = value * scale));
  steps.forEach(({ moved, turned, curvature }, index) => {
    const share = shares[steps.length - 1 - index]! - dot(turned, direction) / curvature;
    moved.forEach((value, place) => (direction[place]! += share * value));
  });
  // A coordinate at a wall stays there, whatever the memory says.
  return direction.map((value, index) => (slopes[index] === 0 ? 0 : value));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += a[index]! * b[index]!;
  return sum;
}
