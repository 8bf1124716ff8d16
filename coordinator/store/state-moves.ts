/** How the transition functions of trial/states.ts guard updates: the stored state must lead to the given one. */

/** The legal moves as 'from>to', for comparison in a statement. */
export function legalMoves<State extends string>(transitions: { readonly [from in State]: readonly State[] }): string[] {
  return Object.entries<readonly State[]>(transitions).flatMap(([from, to]) => to.map((state) => `${from}>${state}`));
}

/** The state that each id goes to first; every further move of the same turn is checked here. Throws IllegalTransition. */
export function firstStates<State extends string>(
  updates: readonly { readonly id: string; readonly state: State }[],
  move: (from: State, to: State) => State,
): Map<string, State> {
  const first = new Map<string, State>();
  const current = new Map<string, State>();
  for (const { id, state } of updates) {
    const before = current.get(id);
    if (before === undefined) first.set(id, state);
    else move(before, state);
    current.set(id, state);
  }
  return first;
}
