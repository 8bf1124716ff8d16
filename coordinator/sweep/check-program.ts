/** A command's and a module's own checks: one of them, hyperparameters and variables with names of their own, and an objective. */
import { PROGRAM_VARIABLES, variableOf } from '../../proto/program.js';
import { checkName } from './check-synthetic.js';
import { isRawMap, type ProgramDraft } from './draft.js';
import { describe, type Problem } from './mistakes.js';

const WAYS = ['command', 'module', 'trainable'];

export function checkProgram(draft: ProgramDraft): Problem[] {
  return [...checkWays(draft), ...checkNames([...draft.space.keys()]), ...checkEnvironment(draft), ...checkObjective(draft)];
}

function checkWays({ raw }: ProgramDraft): Problem[] {
  const [first, ...others] = WAYS.filter((key) => Object.hasOwn(raw, key));
  const problems = others.map((key): Problem => ({ path: [key], at: 'key', found: `${key} beside ${first}`, expected: 'one of them', suggestion: 'take one out' }));
  if (isRawMap(raw.trainable) && Object.hasOwn(raw.trainable, 'command') && Object.hasOwn(raw.trainable, 'module')) {
    problems.push({ path: ['trainable', 'module'], at: 'key', found: 'module beside command', expected: 'one of them', suggestion: 'take one out' });
  }
  return problems;
}

/** Each hyperparameter is a variable of the program's environment. */
function checkNames(names: readonly string[]): Problem[] {
  const taken = new Map<string, string>(PROGRAM_VARIABLES.map((variable) => [variable, 'trawl itself']));
  return names.flatMap((name): Problem[] => {
    const wrong = checkName(name, ['epoch']);
    if (wrong.length > 0) return wrong;
    const variable = variableOf(name);
    const owner = taken.get(variable);
    taken.set(variable, name);
    return owner === undefined ? [] : [{ path: ['space', name], at: 'key', found: `${describe(name)}, which a command would get as ${variable}`, expected: `a name whose variable is not that of ${owner}`, suggestion: 'call it otherwise' }];
  });
}

function checkEnvironment({ sections }: ProgramDraft): Problem[] {
  const trainable = sections.trainable;
  const names = trainable !== undefined && 'command' in trainable ? Object.keys(trainable.environment ?? {}) : [];
  return names.flatMap((name): Problem[] => {
    const base = { path: ['trainable', 'environment', name], at: 'key', found: describe(name) } as const;
    if (name.startsWith('TRAWL_')) return [{ ...base, expected: 'a name that does not begin with TRAWL_', suggestion: 'those are what trawl tells the program' }];
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? [] : [{ ...base, expected: 'a variable of letters, digits and _', suggestion: null }];
  });
}

/** What a program reports is known only when it runs, so that there is nothing to choose for it. */
function checkObjective({ raw }: ProgramDraft): Problem[] {
  if (Object.hasOwn(raw, 'objective')) return [];
  return [{ path: ['objective'], at: 'value', found: 'nothing', expected: '{maximize: METRIC} or {minimize: METRIC}, a metric that every epoch reports', suggestion: 'such as objective: {minimize: val.loss}' }];
}
