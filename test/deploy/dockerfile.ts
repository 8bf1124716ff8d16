/** Rules for a Dockerfile, over its instructions. */

interface Instruction {
  readonly line: number;
  readonly name: string;
  readonly value: string;
}

/** One line each. */
export function dockerfileMistakes(path: string, text: string): string[] {
  const instructions = parse(text);
  const say = ({ line }: Pick<Instruction, 'line'>, what: string): string => `${path}:${line}: ${what}`;
  return [
    ...instructions.flatMap((instruction) => ofOne(instruction, stagesOf(instructions)).map((what) => say(instruction, what))),
    ...(finalUser(instructions) === 'root' ? [say(instructions.at(-1) ?? { line: 1 }, 'the last stage runs as root; a USER with numbers, as in USER 1000:1000, is expected')] : []),
  ];
}

function parse(text: string): Instruction[] {
  const found: Instruction[] = [];
  let line = 0;
  let open: Instruction | null = null;
  for (const row of text.split('\n')) {
    line += 1;
    if (/^\s*(#|$)/.test(row)) continue;
    const [, name = '', value = ''] = open === null ? (/^(\w+)\s+(.*)$/.exec(row) ?? []) : [];
    const whole: Instruction = open === null ? { line, name: name.toUpperCase(), value } : { ...open, value: `${open.value}\n${row}` };
    const goesOn = row.endsWith('\\');
    open = goesOn ? whole : null;
    if (!goesOn) found.push(whole);
  }
  if (open !== null) found.push(open);
  return found;
}

function stagesOf(instructions: readonly Instruction[]): Set<string> {
  return new Set(instructions.flatMap(({ name, value }) => (name === 'FROM' ? [/ AS (\S+)$/i.exec(value)?.[1] ?? ''] : [])));
}

function ofOne({ name, value }: Instruction, stages: ReadonlySet<string>): string[] {
  const known = ['FROM', 'RUN', 'COPY', 'WORKDIR', 'ENV', 'USER', 'ENTRYPOINT', 'CMD', 'ARG', 'LABEL', 'EXPOSE', 'HEALTHCHECK', 'STOPSIGNAL', 'SHELL', 'VOLUME'];
  if (!known.includes(name)) return [`${name} is no instruction that is expected here`];
  if (name === 'FROM') return imageMistakes(value.split(' ')[0] ?? '', stages);
  if (name === 'RUN') return runMistakes(value);
  if (name === 'COPY') return copyMistakes(value, stages);
  if ((name === 'ENV' || name === 'ARG') && /(TOKEN|PASSWORD|SECRET|KEY)\w*=/i.test(value)) return ['a secret would stay in a layer'];
  if ((name === 'ENTRYPOINT' || name === 'CMD') && !value.startsWith('[')) return [`${name} as a text runs in a shell, which passes no signal on; a list is expected`];
  return [];
}

function imageMistakes(image: string, stages: ReadonlySet<string>): string[] {
  if (stages.has(image)) return [];
  const tag = /:([^/:@]+)(@sha256:\w+)?$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? [`${image} has no tag, or "latest": every build would be another`] : [];
}

function runMistakes(value: string): string[] {
  const mistakes: string[] = [];
  if (/\bapt-get\b[^&]*\binstall\b/.test(value)) {
    if (!value.includes('--no-install-recommends')) mistakes.push('apt-get install without --no-install-recommends');
    if (!value.includes('rm -rf /var/lib/apt/lists/*')) mistakes.push('the lists of packages stay in the layer; rm -rf /var/lib/apt/lists/* is expected');
    if (!value.includes('apt-get update')) mistakes.push('apt-get install without apt-get update in the same layer');
  }
  if (/\bnpm (install|i)\b/.test(value)) mistakes.push('npm install takes what is newest; npm ci is expected');
  if (/\bnpm ci\b/.test(value) && !value.includes('--ignore-scripts')) mistakes.push("npm ci runs packages' scripts; --ignore-scripts is expected");
  if (/\b(curl|wget)\b/.test(value)) mistakes.push('something is fetched from outside of the package registries');
  return mistakes;
}

function copyMistakes(value: string, stages: ReadonlySet<string>): string[] {
  const from = /--from=(\S+)/.exec(value)?.[1];
  if (from !== undefined) return stages.has(from) ? [] : [`there is no stage ${from}`];
  return /secret|\.env|token/i.test(value) ? ['a secret would stay in a layer'] : [];
}

/** Of the last stage, through the stages that it is made from. */
function finalUser(instructions: readonly Instruction[]): 'root' | 'other' {
  const users = new Map<string, 'root' | 'other'>();
  let stage = '';
  for (const { name, value } of instructions) {
    if (name === 'FROM') {
      const [image = '', , as] = value.split(' ');
      stage = as ?? '';
      users.set(stage, users.get(image) ?? 'root');
    }
    if (name === 'USER') users.set(stage, /^[1-9]\d*(:[1-9]\d*)?$/.test(value) ? 'other' : 'root');
  }
  return users.get(stage) ?? 'root';
}
