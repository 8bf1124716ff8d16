/** Lines through points. Pure. */

export type Point = readonly [number, number];

/**
 * The border of what a Pareto front of two objectives attains, through its corners: at each x the best y of
 * the points that are no worse in x. `front`: in ascending x. `direction`: of the objective along x; that along
 * y changes nothing, since y grows with x on the front or falls, whichever makes it one.
 */
export function attained(front: readonly Point[], direction: 'minimize' | 'maximize'): Point[] {
  return front.flatMap((point, index): Point[] => {
    const before = front[index - 1];
    if (before === undefined) return [point];
    return [direction === 'maximize' ? [before[0], point[1]] : [point[0], before[1]], point];
  });
}

/** As an SVG path through the points, broken where there is none; one between two breaks is a dash of 6. */
export function brokenPath(points: readonly (Point | null)[]): string {
  return points
    .map((point, index) => {
      if (point === null) return '';
      const [x, y] = [Number(point[0].toFixed(1)), Number(point[1].toFixed(1))];
      const [isBegun, goesOn] = [(points[index - 1] ?? null) !== null, (points[index + 1] ?? null) !== null];
      if (isBegun) return `L${x} ${y}`;
      return goesOn ? `M${x} ${y}` : `M${x - 3} ${y}h6`;
    })
    .join('');
}
